{{/* Its name. */}}
{{- define "service.name" -}}
{{- .Values.name | default .Release.Name -}}
{{- end -}}

{{/* What its pods are found by. Never changes: a Deployment's selector can't. */}}
{{- define "service.selector" -}}
app.kubernetes.io/name: {{ include "service.name" . }}
{{- end -}}

{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: fathuss
app.kubernetes.io/managed-by: {{ .Release.Service }}
fathuss.com/environment: {{ .Values.global.environment }}
{{- end -}}

{{- define "service.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "service.name" .) -}}
{{- end -}}

{{- define "service.image" -}}
{{- $image := printf "%s/%s" (required "global.image.registry is where images come from" .Values.global.image.registry) (required "image.repository is the image's name" .Values.image.repository) -}}
{{- if .Values.image.digest -}}
{{ $image }}@{{ .Values.image.digest }}
{{- else -}}
{{ $image }}:{{ required "image.tag or image.digest says which image" .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The secrets that it is given, by variable: those of what it uses, and its own. Vault keeps no bare text: each is a
property of what has its name there. */}}
{{- define "service.secrets" -}}
{{- $secrets := dict -}}
{{- $vault := eq .Values.global.secrets.backend "vault" -}}
{{- if .Values.uses.postgres -}}
{{- $database := dict "key" .Values.global.database.secret "property" .Values.global.database.secretProperty -}}
{{- $_ := set $secrets "DATABASE_PASSWORD" (ternary (dict "key" (printf "%s/postgres" .Values.global.environment) "property" "password") $database $vault) -}}
{{- end -}}
{{- if .Values.uses.clickhouse -}}
{{- $_ := set $secrets "CLICKHOUSE_PASSWORD" (dict "key" .Values.global.clickhouse.secret "property" (ternary "password" "" $vault)) -}}
{{- end -}}
{{- if .Values.sentry -}}
{{- $_ := set $secrets "SENTRY_DSN" (dict "key" (printf "%s/sentry" .Values.global.environment) "property" "dsn") -}}
{{- end -}}
{{- range $name, $secret := .Values.secrets.data -}}
{{- $key := printf "%s/%s" $.Values.global.environment $secret.key -}}
{{- $_ := set $secrets $name (dict "key" $key "property" ($secret.property | default (ternary "value" "" $vault))) -}}
{{- end -}}
{{- toYaml $secrets -}}
{{- end -}}

{{/* Its plain variables: what it uses, what it calls, and its own, which go before the others. */}}
{{- define "service.environment" -}}
{{- $env := dict "ENVIRONMENT" .Values.global.environment "PORT" "8080" "METRICS_PORT" "9090" "AWS_REGION" .Values.global.region "DOMAIN" .Values.global.domain -}}
{{- with .Values.global.database -}}
{{- if $.Values.uses.postgres -}}
{{- $env = mergeOverwrite $env (dict "DATABASE_HOST" .host "DATABASE_PORT" (toString .port) "DATABASE_NAME" .name "DATABASE_USER" .user "DATABASE_SSLMODE" "require") -}}
{{- end -}}
{{- end -}}
{{- if .Values.uses.redis -}}
{{- $env = mergeOverwrite $env (dict "REDIS_HOST" .Values.global.redis.host "REDIS_PORT" (toString .Values.global.redis.port) "REDIS_TLS" "true" "REDIS_CLUSTER" "true") -}}
{{- end -}}
{{- if .Values.uses.clickhouse -}}
{{- $env = mergeOverwrite $env (dict "CLICKHOUSE_URL" (printf "http://%s:8123" .Values.global.clickhouse.host)) -}}
{{- end -}}
{{- range .Values.calls -}}
{{- $_ := set $env (printf "%s_URL" (. | upper | replace "-" "_")) (printf "http://%s:8080" .) -}}
{{- end -}}
{{- range $name, $value := .Values.env -}}
{{- $_ := set $env $name (toString $value) -}}
{{- end -}}
{{- range $name, $value := $env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end -}}
{{- end -}}

{{/* Its pod, for a Deployment here and for a Rollout of the chart above. */}}
{{- define "service.pod" -}}
metadata:
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    # Nothing is asked of a service before its proxy is there, and its proxy outlives it.
    proxy.istio.io/config: '{"holdApplicationUntilProxyStarts": true}'
spec:
  serviceAccountName: {{ include "service.serviceAccountName" . }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  # On the pod, so that the containers that Istio adds are `restricted` too.
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile:
      type: RuntimeDefault
  # Zones are even where they can be; two of one node are better than one that waits.
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "service.selector" $ | nindent 10 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ include "service.name" . }}
      image: {{ include "service.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- with .Values.command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop:
            - ALL
      # `protocol` too: what a Rollout's definition fills in, Argo CD would take for a difference.
      ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        - name: metrics
          containerPort: 9090
          protocol: TCP
      env:
        {{- include "service.environment" . | trim | nindent 8 }}
      {{- if include "service.secrets" . | fromYaml }}
      envFrom:
        - secretRef:
            name: {{ include "service.name" . }}
      {{- end }}
      # Two minutes to start; then away after half a minute of no answer, and restarted after a minute of it.
      startupProbe:
        httpGet:
          path: {{ .Values.probes.startup }}
          port: http
        periodSeconds: 5
        failureThreshold: 24
      readinessProbe:
        httpGet:
          path: {{ .Values.probes.readiness }}
          port: http
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      livenessProbe:
        httpGet:
          path: {{ .Values.probes.liveness }}
          port: http
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 6
      # Endpoints and proxies hear of its end a moment after it: until then it goes on answering.
      lifecycle:
        preStop:
          sleep:
            seconds: 10
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: {{ .Values.tmpSizeLimit }}
{{- end -}}
