{{/* The release's fullname: `nasflow` for a release of that name, RELEASE-nasflow otherwise. */}}
{{- define "nasflow.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Labels that never change: what Services and NetworkPolicies select by. Call with (list . "component"). */}}
{{- define "nasflow.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Every label of an object; a user's label of the same name loses. Call with (list . "component"). */}}
{{- define "nasflow.labels" -}}
{{- include "nasflow.allLabels" (list (index . 0) (index . 1) dict) }}
{{- end }}

{{- define "nasflow.allLabels" -}}
{{- $root := index . 0 -}}
{{- $labels := include "nasflow.selectorLabels" . | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "nasflow" -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63) -}}
{{- if eq (index . 1) "test" }}
{{- $_ := set $labels "nasflow/release" (include "nasflow.fullname" $root) }}
{{- end }}
{{- merge $labels (index . 2) $root.Values.extraLabels | toYaml }}
{{- end }}

{{/* Labels and annotations of a pod. Call with (list . "component" values-of-the-component own-annotations). */}}
{{- define "nasflow.podMetadata" -}}
{{- $values := index . 2 -}}
labels:
  {{- include "nasflow.allLabels" (list (index . 0) (index . 1) $values.podLabels) | nindent 2 }}
{{- with merge (index . 3) $values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A pod starts again when what it reads at its start has changed. */}}
{{- define "nasflow.checksum" -}}
{{ dict "store" .Values.store "seaweedfs" .Values.seaweedfs.enabled | toJson | printf "%s/%s/%s" .Release.Namespace .Release.Name | sha256sum }}
{{- end }}

{{/* Where a pod may run. Call with the values of the component. */}}
{{- define "nasflow.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* repository@digest, or repository:tag. Call with (list image default-tag). */}}
{{- define "nasflow.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $image.repository $image.digest | quote }}
{{- else -}}
{{ printf "%s:%s" $image.repository (default (index . 1) $image.tag) | quote }}
{{- end }}
{{- end }}

{{- define "nasflow.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The restricted Pod Security Standard, in two halves. */}}
{{- define "nasflow.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  {{- with .Values.security.runAsUser }}
  runAsUser: {{ int64 . }}
  {{- end }}
  {{- with .Values.security.fsGroup }}
  fsGroup: {{ int64 . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "nasflow.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "nasflow.runner" -}}
{{- default (printf "%s-runner" (include "nasflow.fullname" .)) .Values.runner.serviceAccount.name }}
{{- end }}

{{- define "nasflow.mlflow" -}}
{{- printf "%s-mlflow" (include "nasflow.fullname" .) }}
{{- end }}

{{- define "nasflow.seaweedfs" -}}
{{- printf "%s-seaweedfs" (include "nasflow.fullname" .) }}
{{- end }}

{{- define "nasflow.storeUrl" -}}
{{- if .Values.store.url }}
{{- .Values.store.url | trimSuffix "/" }}
{{- else if .Values.seaweedfs.enabled -}}
s3://nasflow/search
{{- end }}
{{- end }}

{{- define "nasflow.storeEndpoint" -}}
{{- if .Values.store.endpoint }}
{{- .Values.store.endpoint }}
{{- else if .Values.seaweedfs.enabled }}
{{- printf "http://%s:8333" (include "nasflow.seaweedfs" .) }}
{{- end }}
{{- end }}

{{- define "nasflow.storeSecret" -}}
{{- default (printf "%s-store" (include "nasflow.fullname" .)) .Values.store.existingSecret }}
{{- end }}

{{- define "nasflow.trackingUri" -}}
{{- if .Values.mlflow.enabled }}
{{- printf "http://%s:5000" (include "nasflow.mlflow" .) }}
{{- else }}
{{- .Values.mlflow.uri }}
{{- end }}
{{- end }}

{{/* MLflow's address as browsers reach it: Kubeflow's page links to it. */}}
{{- define "nasflow.mlflowUi" -}}
{{- with .Values.mlflow }}
{{- if .publicUrl }}
{{- .publicUrl }}
{{- else if and .enabled .ingress.enabled }}
{{- printf "%s://%s" (ternary "https" "http" (ne .ingress.tlsSecret "")) .ingress.host }}
{{- end }}
{{- end }}
{{- end }}

{{/* The store's keys as environment variables: by name, so that a Secret of somebody else's brings no more. */}}
{{- define "nasflow.storeKeys" -}}
{{- if not .Values.store.workloadIdentity }}
{{- range $name := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "nasflow.storeSecret" $ }}
      key: {{ $name }}
{{- end }}
{{- end }}
{{- end }}

{{/* The peers of a NetworkPolicy that are steps' pods, and `helm test`'s. nasflow's pipelines label them with the name of the
ConfigMap that they read, which is this release's; pods of other pipelines have no such label. Releases in other
namespaces have other names. */}}
{{- define "nasflow.stepPeers" -}}
- podSelector:
    matchLabels:
      nasflow/release: {{ include "nasflow.fullname" . }}
{{- with .Values.networkPolicy.stepNamespaces }}
- namespaceSelector:
    matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
          {{- toYaml . | nindent 10 }}
  podSelector:
    matchExpressions:
      - key: nasflow/release
        operator: Exists
{{- end }}
{{- with .Values.networkPolicy.extraFrom }}
{{ toYaml . }}
{{- end }}
{{- end }}
