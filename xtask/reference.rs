//! The resource reference, docs/resources: a page for each type, made from its schema, and an index.
//!
//! Nothing of it is written by hand. What a page says stands in the type's file in src/model.

mod field;
mod index;
mod life;
mod link;
mod page;

use std::collections::BTreeMap;
use std::path::Path;

use fathuss_model::schema::Schema;

/// Writes all pages anew, and takes away those of types that are gone.
pub fn write(root: &Path) -> Result<(), String> {
    let folder = folder(root);
    let pages = pages(root)?;
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for name in there(&folder)?.keys().filter(|name| !pages.contains_key(*name)) {
        std::fs::remove_file(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    for (name, text) in pages {
        std::fs::write(folder.join(&name), text).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Says which pages are not what the schemas make of them.
pub fn check(root: &Path) -> Result<(), String> {
    let (wanted, there) = (pages(root)?, there(&folder(root))?);
    let names = wanted.keys().chain(there.keys().filter(|name| !wanted.contains_key(*name)));
    let other: Vec<&str> = names.filter(|name| wanted.get(*name) != there.get(*name)).map(String::as_str).collect();
    if other.is_empty() {
        return Ok(());
    }
    Err(format!("docs/resources is not what the schemas say, in {}: run `cargo xtask docs`", other.join(", ")))
}

fn folder(root: &Path) -> std::path::PathBuf {
    root.join("docs").join("resources")
}

/// Every page by its file's name.
fn pages(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let schemas: Vec<&'static Schema> = fathuss_model::schemas().collect();
    let links = link::links(root)?;
    let mut pages = BTreeMap::from([("README.md".to_owned(), index::index(&schemas))]);
    for schema in &schemas {
        // A type of AWS's without a page of AWS's is one whose first line was forgotten.
        let link = links.get(schema.kind);
        if link.is_none() && schema.provider == "aws" {
            return Err(format!(
                "no file of src/model/aws begins with //! `{}`: <AWS's page>, which its page links to",
                schema.kind
            ));
        }
        pages.insert(format!("{}.md", schema.kind), page::page(schema, link.map(String::as_str), &schemas));
    }
    Ok(pages)
}

/// Every file that is there, by name.
fn there(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.insert(name, std::fs::read_to_string(&path).map_err(failed)?);
    }
    Ok(found)
}
