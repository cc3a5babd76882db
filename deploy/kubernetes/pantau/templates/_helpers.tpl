{{- define "pantau.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pantau.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pantau.labels" -}}
{{ include "pantau.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* Where it listens and keeps its data is the chart's to say, and the rest the operator's. */}}
{{- define "pantau.settings" -}}
{{- $own := dict "data_dir" "/var/lib/pantau/data" "listen" "127.0.0.1:8780" "public_listen" "0.0.0.0:8781" }}
{{- if .Values.webConfigSecret }}
{{- $own = mergeOverwrite $own (dict "listen" "0.0.0.0:8780" "web_config_file" "/run/pantau/web/web.yml") }}
{{- end }}
{{- mergeOverwrite (deepCopy .Values.settings) $own | toYaml }}
{{- end }}

{{- /* Keys of a ConfigMap hold no slash; the volume puts each file where it belongs. */}}
{{- define "pantau.key" -}}
{{- replace "/" "__" . }}
{{- end }}
