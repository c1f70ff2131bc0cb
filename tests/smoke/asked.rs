//! What the environment asks for: the sandbox, or a real account with a cap on what may be spent there.

/// The variable that names the one account that may be used.
pub const ACCOUNT: &str = "FATHUSS_SMOKE_ACCOUNT";
/// The variable with the most that may be spent, in US dollars.
pub const CAP: &str = "FATHUSS_SMOKE_SPEND_CAP_USD";

/// Where the stack lives.
#[derive(Debug, PartialEq)]
pub enum Asked {
    /// In a sandbox.
    Sandbox,
    /// In an account.
    Account {
        /// Its twelve digits.
        account: String,
        /// The most that may be spent, in US dollars.
        cap: f64,
    },
}

impl Asked {
    /// Reads both variables; none of them means the sandbox, one alone nothing at all.
    pub fn new(account: Option<&str>, cap: Option<&str>) -> Result<Self, String> {
        let (account, cap) = match (account, cap) {
            (None, None) => return Ok(Self::Sandbox),
            (Some(account), Some(cap)) => (account, cap),
            (Some(_), None) => return Err(format!("{ACCOUNT} is set and {CAP} is not; a real account needs both")),
            (None, Some(_)) => return Err(format!("{CAP} is set and {ACCOUNT} is not; a real account needs both")),
        };
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{ACCOUNT} is `{account}`; an account has 12 digits"));
        }
        let parsed = cap.parse::<f64>().ok().filter(|cap| cap.is_finite() && *cap > 0.0);
        let cap = parsed.ok_or_else(|| format!("{CAP} is `{cap}`; it is a number of US dollars above 0"))?;
        Ok(Self::Account { account: account.to_owned(), cap })
    }
}

#[test]
fn a_real_account_is_used_only_when_account_and_cap_are_both_given() {
    assert_eq!(Asked::new(None, None), Ok(Asked::Sandbox));
    let both = Asked::Account { account: "123456789012".to_owned(), cap: 1.5 };
    assert_eq!(Asked::new(Some("123456789012"), Some("1.5")), Ok(both));
    assert!(Asked::new(Some("123456789012"), None).unwrap_err().contains("FATHUSS_SMOKE_SPEND_CAP_USD is not"));
    assert!(Asked::new(None, Some("1.5")).unwrap_err().contains("FATHUSS_SMOKE_ACCOUNT is not"));
}

#[test]
fn an_account_that_is_none_and_a_cap_that_caps_nothing_are_refused() {
    for account in ["", "12345678901", "1234567890123", "12345678901x", "１２３４"] {
        assert!(Asked::new(Some(account), Some("1")).unwrap_err().contains("12 digits"), "{account}");
    }
    for cap in ["", "0", "-1", "NaN", "inf", "1e999", "one", "1,5", "$1"] {
        assert!(Asked::new(Some("123456789012"), Some(cap)).unwrap_err().contains("above 0"), "{cap}");
    }
}
