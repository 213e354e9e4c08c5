{{/* What the schema cannot say well: values that need each other. Each complaint names the value and the remedy. */}}
{{- define "nasflow.validate" -}}
{{- $store := .Values.store }}
{{- if and (not $store.url) (not .Values.seaweedfs.enabled) }}
{{- fail "store.url is empty: give s3://bucket/prefix, or seaweedfs.enabled=true for a store of the chart's own" }}
{{- end }}
{{- if and $store.existingSecret (or $store.accessKey $store.secretKey) }}
{{- fail "store.existingSecret and store.accessKey/store.secretKey exclude each other: give one of them" }}
{{- end }}
{{- if ne (empty $store.accessKey) (empty $store.secretKey) }}
{{- fail "store.accessKey and store.secretKey belong together: give both, or store.existingSecret" }}
{{- end }}
{{- if and $store.workloadIdentity (or $store.accessKey $store.existingSecret .Values.seaweedfs.enabled) }}
{{- fail "store.workloadIdentity means a store without keys: leave them out, and seaweedfs.enabled too, which needs some" }}
{{- end }}
{{- if not (or $store.accessKey $store.existingSecret $store.workloadIdentity .Values.seaweedfs.enabled) }}
{{- fail "the store has no keys: give store.accessKey and store.secretKey, or store.existingSecret" }}
{{- end }}
{{- $addresses := dict "store.url" $store.url "store.endpoint" $store.endpoint "mlflow.uri" .Values.mlflow.uri "kfp.host" .Values.kfp.host }}
{{- range $name, $address := $addresses }}
{{- if contains "@" $address }}
{{- fail (printf "%s holds a user or a password: everybody could read it in a ConfigMap; leave it out" $name) }}
{{- end }}
{{- end }}
{{- if and (not .Values.mlflow.enabled) (not .Values.mlflow.uri) }}
{{- fail "mlflow.enabled is false: give the address of your MLflow server as mlflow.uri" }}
{{- end }}
{{- if and .Values.mlflow.enabled .Values.mlflow.uri }}
{{- fail "mlflow.uri is for a server of yours: set mlflow.enabled=false, or leave mlflow.uri empty" }}
{{- end }}
{{- if and .Values.mlflow.ingress.enabled (not .Values.mlflow.ingress.host) }}
{{- fail "mlflow.ingress.enabled needs mlflow.ingress.host" }}
{{- end }}
{{- if and .Values.mlflow.enabled (eq .Values.mlflow.backend "postgresql") }}
{{- include "nasflow.validatePostgresql" .Values.mlflow.postgresql }}
{{- end }}
{{- if ne (empty .Values.kueue.queue) (empty .Values.kueue.clusterQueue) }}
{{- fail "kueue.queue and kueue.clusterQueue belong together: give both or none" }}
{{- end }}
{{- if and (not .Values.runner.serviceAccount.create) (not .Values.runner.serviceAccount.name) }}
{{- fail "runner.serviceAccount.create is false: give the name of yours as runner.serviceAccount.name" }}
{{- end }}
{{- end }}

{{- define "nasflow.validatePostgresql" -}}
{{- if and .uriSecret .host }}
{{- fail "mlflow.postgresql.uriSecret and mlflow.postgresql.host exclude each other: give one of them" }}
{{- end }}
{{- if and (not .uriSecret) (not .host) }}
{{- fail "mlflow.backend is postgresql: give mlflow.postgresql.uriSecret, or mlflow.postgresql.host and mlflow.postgresql.passwordSecret" }}
{{- end }}
{{- if and .host (not .passwordSecret) }}
{{- fail "mlflow.postgresql.host needs mlflow.postgresql.passwordSecret: the name of a Secret with the password" }}
{{- end }}
{{- end }}
