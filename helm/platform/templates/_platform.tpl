{{/* What all charts of our own are told of the environment: helm/service/values.yaml has what each is. */}}
{{- define "platform.global" -}}
{{- $database := splitList ":" (required "aws.database.endpoint is host:port" .Values.aws.database.endpoint) -}}
environment: {{ .Values.environment }}
region: {{ .Values.aws.region }}
domain: {{ .Values.domain }}
vpcCidr: {{ .Values.aws.vpcCidr }}
image:
  registry: {{ .Values.imageRegistry }}
database:
  host: {{ first $database }}
  port: {{ rest $database | first | default "5432" | int }}
  secret: {{ .Values.aws.database.secret | quote }}
  secretProperty: {{ .Values.aws.database.secretProperty | quote }}
redis:
  host: {{ .Values.aws.redis.endpoint }}
clickhouse:
  host: {{ .Values.aws.clickhouse.address }}
  secret: {{ .Values.environment }}/clickhouse
secrets:
  {{- toYaml .Values.secrets | nindent 2 }}
{{- end -}}

{{/* The namespace of the services. */}}
{{- define "platform.namespace" -}}
fathuss-{{ .Values.environment }}
{{- end -}}

{{/* An application's values: applications/<name>.yaml, a template. */}}
{{- define "platform.values" -}}
{{- $file := printf "applications/%s.yaml" .name -}}
{{- $text := tpl (.root.Files.Get $file) .root -}}
{{- $values := fromYaml $text -}}
{{- if hasKey $values "Error" -}}
{{- fail (printf "%s: %s" $file $values.Error) -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{/* Where a chart of others comes from, and which one it is. */}}
{{- define "platform.version" -}}
{{- $versions := .root.Files.Get "versions.yaml" | fromYaml -}}
{{- if not (hasKey $versions .name) -}}
{{- fail (printf "versions.yaml has no %s" .name) -}}
{{- end -}}
{{- get $versions .name | toYaml -}}
{{- end -}}
