//! What a policy's statement allows or denies, known to IAM:
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

use super::actions::SERVICES;

/// An action, or all whose names a pattern fits; written with [`actions!`](crate::actions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(pub(super) &'static str);

/// Actions by their names, for instance `actions!["s3:GetObject", "kms:GenerateDataKey*"]`. One that IAM does not know
/// does not compile, nor does `*` alone: [`Statement::allow_everything`](crate::aws::policy::Statement::allow_everything)
/// asks for the reason.
#[macro_export]
macro_rules! actions {
    ($($name:literal),+ $(,)?) => {
        // A constant is looked at by `cargo check`, too.
        [$({
            const ACTION: $crate::aws::policy::Action = $crate::aws::policy::Action::known($name);
            ACTION
        }),+]
    };
}

impl Action {
    /// An action that IAM knows.
    ///
    /// # Panics
    /// In any other case: while it is compiled, since [`actions!`](crate::actions) is what calls it.
    #[must_use]
    pub const fn known(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        let mut colon = 0;
        while colon < bytes.len() && bytes[colon] != b':' {
            colon += 1;
        }
        if colon == bytes.len() {
            if bytes.len() == 1 && bytes[0] == b'*' {
                panic!("`*` is all that there is: Statement::allow_everything(\"...\") says why");
            }
            panic!("an action is written as service:Action");
        }
        let (service, rest) = bytes.split_at(colon);
        let (_, action) = rest.split_at(1);
        let Some(actions) = of(service) else { panic!("IAM knows no service of that name") };
        let mut at = 0;
        while at < actions.len() {
            if fits(action, actions[at].as_bytes()) {
                return Self(name);
            }
            at += 1;
        }
        panic!("the service has no such action");
    }
}

/// Whether IAM knows an action by this name, which is no pattern.
#[must_use]
pub fn exists(name: &str) -> bool {
    let Some((service, action)) = name.split_once(':') else { return false };
    of(service.as_bytes()).is_some_and(|actions| actions.contains(&action.to_ascii_lowercase().as_str()))
}

/// A service's actions.
const fn of(service: &[u8]) -> Option<&'static [&'static str]> {
    let (mut low, mut high) = (0, SERVICES.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let (name, actions) = SERVICES[middle];
        match compare(service, name.as_bytes()) {
            0 => return Some(actions),
            order if order < 0 => high = middle,
            _ => low = middle + 1,
        }
    }
    None
}

/// How a service written in any letters stands to one in small ones.
const fn compare(one: &[u8], other: &[u8]) -> i16 {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        let letter = one[at].to_ascii_lowercase();
        if letter != other[at] {
            return letter as i16 - other[at] as i16;
        }
        at += 1;
    }
    if one.len() == other.len() {
        0
    } else if one.len() < other.len() {
        -1
    } else {
        1
    }
}

/// Whether a name fits a pattern of `*` and `?`; to IAM, capitals are small letters.
pub(super) const fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut of_name) = (0, 0);
    let (mut star, mut after) = (None, 0);
    while of_name < name.len() {
        if at < pattern.len() && (pattern[at] == b'?' || pattern[at].to_ascii_lowercase() == name[of_name]) {
            at += 1;
            of_name += 1;
        } else if at < pattern.len() && pattern[at] == b'*' {
            star = Some(at);
            after = of_name;
            at += 1;
        } else if let Some(last) = star {
            at = last + 1;
            after += 1;
            of_name = after;
        } else {
            return false;
        }
    }
    while at < pattern.len() && pattern[at] == b'*' {
        at += 1;
    }
    at == pattern.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_actions_are_sorted() {
        assert!(SERVICES.is_sorted_by_key(|(service, _)| *service));
        assert!(SERVICES.len() > 400);
        for (service, actions) in SERVICES {
            assert!(of(service.as_bytes()) == Some(*actions), "{service}");
        }
    }

    #[test]
    fn capitals_are_small_letters() {
        assert_eq!(Action::known("SNS:publish"), Action("SNS:publish"));
    }

    #[test]
    fn a_pattern_fits_what_it_stands_for() {
        for (pattern, name, expected) in [
            ("GetObject", "getobject", true),
            ("Get*", "getobject", true),
            ("*Object*", "getobjectacl", true),
            ("Get?bject", "getobject", true),
            ("*", "anything", true),
            ("GetObject", "getobjectacl", false),
            ("Put*", "getobject", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
