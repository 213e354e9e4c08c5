{{/* Host headers that MLflow answers to: the Service's names, a port-forward, the Ingress, and what values add. */}}
{{- define "nasflow.allowedHosts" -}}
{{- $service := include "nasflow.mlflow" . }}
{{- $names := list $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) (printf "%s.%s.svc.%s" $service .Release.Namespace .Values.clusterDomain) "localhost" "127.0.0.1" }}
{{- $hosts := list }}
{{- range $names }}
{{- $hosts = concat $hosts (list . (printf "%s:*" .)) }}
{{- end }}
{{- if .Values.mlflow.ingress.enabled }}
{{- $hosts = append $hosts .Values.mlflow.ingress.host }}
{{- end }}
{{- concat $hosts .Values.mlflow.allowedHosts | join "," }}
{{- end }}

{{/* Where MLflow keeps runs. A password is in the environment, from a Secret, never among the arguments. */}}
{{- define "nasflow.backendStore" -}}
{{- $postgresql := .Values.mlflow.postgresql }}
{{- if eq .Values.mlflow.backend "sqlite" }}
- name: MLFLOW_BACKEND_STORE_URI
  value: sqlite:////data/mlflow.db
{{- else if $postgresql.uriSecret }}
- name: MLFLOW_BACKEND_STORE_URI
  valueFrom:
    secretKeyRef:
      name: {{ $postgresql.uriSecret }}
      key: {{ $postgresql.uriSecretKey }}
{{- else }}
# The driver that the image has: SQLAlchemy 2.1 looks for another one where none is named.
- name: MLFLOW_BACKEND_STORE_URI
  value: {{ printf "postgresql+psycopg2://%s@%s:%d/%s" (urlquery $postgresql.user) $postgresql.host (int $postgresql.port) (urlquery $postgresql.database) | quote }}
# libpq reads it by itself: so a password needs no quoting, whatever is in it.
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $postgresql.passwordSecret }}
      key: {{ $postgresql.passwordSecretKey }}
{{- end }}
{{- end }}

{{- define "nasflow.mlflowMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if eq .Values.mlflow.backend "sqlite" }}
- name: data
  mountPath: /data
{{- end }}
{{- end }}
