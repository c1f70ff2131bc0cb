//! The forms of Kubernetes's names: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>

use crate::schema::Form;

/// A namespace's: a DNS label.
pub(super) const LABEL: Form = Form::new(
    "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "at most 63 small letters, digits and -, with a letter or digit at both ends",
    &["fathuss-staging", "argocd"],
);

/// Most objects': a DNS subdomain.
pub(super) const SUBDOMAIN: Form = Form::new(
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
    "small letters, digits, - and . are taken, with a letter or digit at both ends of each part",
    &["database", "registry.credentials"],
);
