{{- define "monitoring.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: fathuss
app.kubernetes.io/managed-by: {{ .Release.Service }}
fathuss.com/environment: {{ .Values.global.environment }}
{{- end -}}
