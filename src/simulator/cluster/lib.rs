//! Real Kubernetes behind the endpoints of the sandbox's clusters.
