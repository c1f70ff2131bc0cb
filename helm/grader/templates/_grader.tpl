{{/* What the pod is told beside helm/service's values. */}}
{{- define "grader.context" -}}
Values:
  env:
    CACHE_BUCKET: {{ required "cacheBucket is where the grader keeps what it has worked out" .Values.cacheBucket }}
{{- end -}}

{{/* What the Rollout names: without it, it is invalid, and Argo CD would call it degraded and say so to people. */}}
{{- define "grader.first" -}}
argocd.argoproj.io/sync-wave: "-1"
{{- end -}}
