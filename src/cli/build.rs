//! Lists the sources of the packages that a stack program links, for `fathuss init` to unpack.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

/// Each package with its folder in the checkout.
const PACKAGES: &[(&str, &str)] = &[("fathuss-derive", "src/derive"), ("fathuss-model", "src/model")];

fn main() -> Result<()> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).ok_or_else(|| Error::other(name));
    let root = variable("CARGO_MANIFEST_DIR")?.join("../..").canonicalize()?;
    let mut list = "&[\n".to_owned();
    for (package, folder) in PACKAGES {
        let folder = root.join(folder);
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        sources(&folder, &mut files)?;
        files.sort();
        for file in files {
            let inside = file.strip_prefix(&folder).map_err(Error::other)?.display().to_string().replace('\\', "/");
            writeln!(list, "({package:?}, {inside:?}, include_str!({file:?})),").map_err(Error::other)?;
        }
    }
    list.push_str("]\n");
    let out = variable("OUT_DIR")?;
    std::fs::write(out.join("sources.rs"), list)?;
    for name in ["Cargo.toml", "Cargo.lock", "LICENSE"] {
        let file = root.join(name);
        println!("cargo:rerun-if-changed={}", file.display());
        std::fs::copy(&file, out.join(name))?;
    }
    Ok(())
}

/// The manifest and the Rust files under a folder, its tests left out.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                sources(&path, files)?;
            }
        } else if path.extension().is_some_and(|end| end == "rs") || path.ends_with("Cargo.toml") {
            files.push(path);
        }
    }
    Ok(())
}
