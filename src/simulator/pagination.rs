//! Pages of a list, with tokens that say nothing to a client.

use sha2::{Digest, Sha256};

use crate::protocol::{base64_decode, base64_encode};
use crate::world::Tx;

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to ask the next one with; none on the last page.
    pub next: Option<String>,
}

/// A token that no page of this list ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadToken;

/// What a token is good for: one operation, in the account and region that it was given out in.
pub fn asked(tx: &Tx<'_>) -> String {
    format!("{} in {} of {}", tx.operation(), tx.region(), tx.account())
}

/// The page of this size after the token. The items come in the order of their keys, which are unique. `asked` is what
/// a token is good for: [`asked`], and where its service holds its callers to it, what else the request says.
///
/// # Errors
/// When the token is of something else that was asked, or of no page at all.
pub fn page<T>(
    asked: &str,
    mut items: Vec<(String, T)>,
    token: Option<&str>,
    size: Option<usize>,
) -> Result<Page<T>, BadToken> {
    items.sort_by(|left, right| left.0.cmp(&right.0));
    if let Some(token) = token {
        let last = open(asked, token).ok_or(BadToken)?;
        items.retain(|(key, _)| *key > last);
    }
    let size = size.unwrap_or(items.len()).max(1);
    let next = (items.len() > size).then(|| seal(asked, &items[size - 1].0));
    items.truncate(size);
    Ok(Page { items: items.into_iter().map(|(_, item)| item).collect(), next })
}

fn seal(asked: &str, key: &str) -> String {
    let mut bytes = mark(asked, key);
    bytes.extend(blurred(key.as_bytes()));
    base64_encode(&bytes)
}

fn open(asked: &str, token: &str) -> Option<String> {
    let bytes = base64_decode(token)?;
    let (sealed, key) = bytes.split_at_checked(8)?;
    let key = String::from_utf8(blurred(key)).ok()?;
    (mark(asked, &key) == sealed).then_some(key)
}

/// So that nobody reads a key out of a token by chance, and back: twice is as it was.
fn blurred(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ 0x5a).collect()
}

fn mark(asked: &str, key: &str) -> Vec<u8> {
    Sha256::digest(format!("page of {asked} after {key}"))[..8].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_the_list_once_and_foreign_tokens_are_refused() {
        let items = || (0..5).map(|number| (format!("k{number}"), number)).collect::<Vec<_>>();
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let page = page("DescribeVpcs", items(), token.as_deref(), Some(2)).unwrap();
            seen.extend(page.items);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        let foreign = page("DescribeVpcs", items(), None, Some(2)).unwrap().next.unwrap();
        assert_eq!(page("DescribeSubnets", items(), Some(&foreign), Some(2)), Err(BadToken));
        assert_eq!(page("DescribeVpcs", items(), Some("abc"), Some(2)), Err(BadToken));
    }
}
