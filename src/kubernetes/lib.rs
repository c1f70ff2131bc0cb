//! Kubernetes, as a provider of the engine.
