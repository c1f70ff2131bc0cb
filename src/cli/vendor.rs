//! The packages that a stack program links, as they were when this binary was built: their sources, and the
//! versions of what they depend on that this release was tested with.
//!
//! In the checkout their manifests inherit from the workspace; unpacked they stand alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::error::Error;

/// Package, file, text.
const SOURCES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));
const WORKSPACE: &str = include_str!(concat!(env!("OUT_DIR"), "/Cargo.toml"));
const LICENSE: &str = include_str!(concat!(env!("OUT_DIR"), "/LICENSE"));
const LOCK: &str = include_str!(concat!(env!("OUT_DIR"), "/Cargo.lock"));

/// Optional dependencies that the workspace's lock has for its other packages, and no stack program asks for. Cargo
/// finds one that is missing here, and then `tests/init.rs` does.
const NOT_ASKED_FOR: &[(&str, &[&str])] =
    &[("hashbrown", &["foldhash"]), ("indexmap", &["serde", "serde_core"]), ("smallvec", &["serde"])];

/// The file of a package that says what it needs.
const MANIFEST: &str = "Cargo.toml";

/// Every file with its path below the folder that the packages are unpacked to.
pub fn files() -> Result<Vec<(PathBuf, String)>, Error> {
    let packages: BTreeSet<&str> = SOURCES.iter().map(|(package, ..)| *package).collect();
    let licenses = packages.into_iter().map(|package| Ok((Path::new(package).join("LICENSE"), LICENSE.to_owned())));
    SOURCES
        .iter()
        .map(|(package, file, text)| {
            let text = if *file == MANIFEST { standalone(text, WORKSPACE)? } else { (*text).to_owned() };
            Ok((Path::new(package).join(file), text))
        })
        .chain(licenses)
        .collect()
}

/// The `Cargo.lock` of a project of this name: what `fathuss-model` needs, in the versions of this release.
pub fn lock(project: &str) -> Result<String, Error> {
    let locked: Lock = parse("Cargo.lock", LOCK)?;
    locked.of(project)
}

fn parse<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| Error::Usage(format!("this binary's own {what} can't be read: {error}")))
}

/// A manifest that inherits nothing: the workspace's fields and dependencies put in, tests and lints left out.
fn standalone(manifest: &str, workspace: &str) -> Result<String, Error> {
    let manifest: Table = parse(MANIFEST, manifest)?;
    let workspace: Table = parse(MANIFEST, workspace)?;
    let shared = |section: &str| workspace.get("workspace").and_then(|all| all.get(section)?.as_table());
    let mut text = "# Unpacked by `fathuss init`, as this release has it.\n".to_owned();
    for name in ["package", "lib", "dependencies"] {
        let Some(section) = manifest.get(name).and_then(Value::as_table) else { continue };
        let fields = section.iter().map(|(field, value)| {
            if !inherits(value) {
                return Ok((field.clone(), value.clone()));
            }
            let found = shared(name).and_then(|fields| fields.get(field)).ok_or_else(|| {
                Error::Usage(format!("this binary's own workspace has no {name}.{field}, which a package inherits"))
            })?;
            Ok((field.clone(), beside(field, found)))
        });
        let section: Table = fields.collect::<Result<_, Error>>()?;
        let shown = toml::to_string(&Table::from_iter([(name.to_owned(), Value::Table(section))]));
        text.push('\n');
        text.push_str(&shown.map_err(|error| Error::Usage(error.to_string()))?);
    }
    Ok(text)
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// A package of the checkout is unpacked beside this one.
fn beside(name: &str, found: &Value) -> Value {
    match found.get("path") {
        Some(_) => Value::Table(Table::from_iter([("path".to_owned(), Value::String(format!("../{name}")))])),
        None => found.clone(),
    }
}

/// A `Cargo.lock`.
#[derive(Deserialize)]
struct Lock {
    version: u32,
    package: Vec<Package>,
}

/// A package in it.
#[derive(Clone, Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Lock {
    /// The part of it that a project needs whose one dependency is `fathuss-model`.
    fn of(&self, project: &str) -> Result<String, Error> {
        let mut needed = vec![Package {
            name: project.to_owned(),
            version: "0.1.0".to_owned(),
            source: None,
            checksum: None,
            dependencies: vec!["fathuss-model".to_owned()],
        }];
        let mut seen = BTreeSet::new();
        let mut at = 0;
        while let Some(package) = needed.get(at).cloned() {
            for dependency in package.dependencies {
                let found = self.find(&dependency)?;
                if seen.insert((found.name.clone(), found.version.clone())) {
                    needed.push(found);
                }
            }
            at += 1;
        }
        needed.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        let mut text = format!(
            "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = {}\n",
            self.version
        );
        for package in &needed {
            package.write(&needed, &mut text).map_err(|error| Error::Usage(error.to_string()))?;
        }
        Ok(text)
    }

    /// The package that a dependency means: `name`, or `name version` where there are several.
    fn find(&self, dependency: &str) -> Result<Package, Error> {
        let (name, version) = split(dependency);
        let found = self.package.iter().find(|one| one.name == name && version.is_none_or(|v| one.version == v));
        let found = found
            .ok_or_else(|| Error::Usage(format!("this binary's own Cargo.lock has no {dependency}, which it needs")))?;
        let mut found = found.clone();
        if let Some((.., manifest)) = SOURCES.iter().find(|(package, file, _)| *package == name && *file == MANIFEST) {
            // What only its tests need stands in the lock, too.
            let manifest: Table = parse(MANIFEST, manifest)?;
            let needs = |name: &str| manifest.get("dependencies").is_some_and(|all| all.get(name).is_some());
            found.dependencies.retain(|dependency| needs(split(dependency).0));
        }
        let unused = NOT_ASKED_FOR.iter().find(|(package, _)| *package == name).map_or(&[][..], |(_, unused)| unused);
        found.dependencies.retain(|dependency| !unused.contains(&split(dependency).0));
        Ok(found)
    }
}

fn split(dependency: &str) -> (&str, Option<&str>) {
    let mut words = dependency.split(' ');
    (words.next().unwrap_or_default(), words.next())
}

impl Package {
    /// Writes it as Cargo does, among these.
    fn write(&self, all: &[Self], text: &mut String) -> std::fmt::Result {
        write!(text, "\n[[package]]\nname = \"{}\"\nversion = \"{}\"\n", self.name, self.version)?;
        for (field, value) in [("source", &self.source), ("checksum", &self.checksum)] {
            if let Some(value) = value {
                writeln!(text, "{field} = \"{value}\"")?;
            }
        }
        if self.dependencies.is_empty() {
            return Ok(());
        }
        text.push_str("dependencies = [\n");
        for dependency in &self.dependencies {
            let name = split(dependency).0;
            // A version is named only where the name alone could mean several.
            let is_one = all.iter().filter(|package| package.name == name).count() == 1;
            writeln!(text, " \"{}\",", if is_one { name } else { dependency })?;
        }
        text.push_str("]\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_stands_alone_once_what_it_inherits_is_put_in() {
        let workspace = "[workspace.package]\nedition = \"2024\"\n[workspace.dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\nours = { path = \"src/ours\" }\n";
        let manifest = "[package]\nname = \"a\"\nedition.workspace = true\n[dependencies]\nserde.workspace = true\nours.workspace = true\n[dev-dependencies]\ntrybuild.workspace = true\n[lints]\nworkspace = true\n";
        let text = standalone(manifest, workspace).unwrap();
        let read: Table = toml::from_str(&text).unwrap();
        let expected: Table = toml::from_str(
            "package = { name = \"a\", edition = \"2024\" }\ndependencies = { serde = { version = \"1\", features = [\"derive\"] }, ours = { path = \"../ours\" } }",
        )
        .unwrap();
        assert_eq!(read, expected);
        let missing = standalone("[package]\nlicense.workspace = true\n", workspace).unwrap_err();
        assert!(missing.to_string().contains("package.license"), "{missing}");
    }
}
