//! Where AWS itself describes a type: the address in the first line of the type's file.

use std::collections::BTreeMap;
use std::path::Path;

/// The addresses by type.
pub fn links(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let folder = root.join("src").join("model").join("aws");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut links = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            links.extend(link(&std::fs::read_to_string(&path).map_err(failed)?));
        }
    }
    Ok(links)
}

/// The type that a file is about, and AWS's page.
fn link(source: &str) -> Option<(String, String)> {
    let head: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let head = head.join(" ");
    let (kind, rest) = head.strip_prefix('`')?.split_once("`:")?;
    let address = rest.trim_start().strip_prefix('<')?.split_once('>')?.0;
    Some((kind.to_owned(), address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_on_the_first_line_and_the_next() {
        let wanted = Some(("aws_vpc".to_owned(), "https://a.test/vpc".to_owned()));
        assert_eq!(link("//! `aws_vpc`: <https://a.test/vpc>\n\nuse x;"), wanted);
        assert_eq!(link("//! `aws_vpc`:\n//! <https://a.test/vpc>\n"), wanted);
        assert_eq!(link("//! What windows are.\n"), None);
    }
}
