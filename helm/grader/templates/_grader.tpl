{{/* What the pod is told beside helm/service's values. */}}
{{- define "grader.context" -}}
Values:
  env:
    CACHE_BUCKET: {{ required "cacheBucket is where the grader keeps what it has worked out" .Values.cacheBucket }}
{{- end -}}
