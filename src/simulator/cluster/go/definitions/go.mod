// Where the custom resource definitions of others' charts come from. Nothing of it is compiled.
module fathuss/cluster/definitions

go 1.26.1

require (
	github.com/argoproj/argo-cd/v3 v3.2.11
	github.com/argoproj/argo-rollouts v1.10.1
	github.com/external-secrets/external-secrets v1.3.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
	istio.io/api v1.31.1
)
