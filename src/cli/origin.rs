//! From where a command was started: the commit of the checkout that has the project, and the CI run.

use std::path::Path;
use std::process::{Command, Stdio};

use fathuss_state::Origin;

use crate::project::Project;
use crate::session::current_folder;

/// From where this command was started, as far as that can be found out.
pub fn here() -> Origin {
    let project = current_folder().ok().and_then(|folder| Project::find(&folder).ok());
    let commit = project.as_ref().and_then(|project| git(&project.root, &["rev-parse", "HEAD"]));
    let dirty = match (&project, &commit) {
        (Some(project), Some(_)) => is_dirty(&project.root),
        _ => false,
    };
    Origin { commit, dirty, url: url(&|name| std::env::var(name).ok()) }
}

/// Who started a CI run, where this is one: its machine's user says nothing.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>
pub fn actor() -> Option<String> {
    let is_ci = std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true");
    std::env::var("GITHUB_ACTOR").ok().filter(|actor| is_ci && !actor.is_empty())
}

/// The page of the CI run.
fn url(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    let server = variable("GITHUB_SERVER_URL")?;
    let repository = variable("GITHUB_REPOSITORY")?;
    Some(format!("{server}/{repository}/actions/runs/{}", variable("GITHUB_RUN_ID")?))
}

/// Whether the checkout has changes that are in no commit; what Fathuss itself writes there is none.
fn is_dirty(root: &Path) -> bool {
    let status = ["status", "--porcelain", "--", ":(top)", ":(top,exclude,glob)**/.fathuss/**"];
    git(root, &status).is_none_or(|changes| !changes.is_empty())
}

/// What git says of the checkout that has this folder; none where there is no git, or no checkout.
fn git(root: &Path, words: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    git.arg("--no-optional-locks").args(words).current_dir(root).stdin(Stdio::null()).stderr(Stdio::null());
    // A hook that runs this may be another checkout's.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ci_run_has_a_page_where_all_of_it_is_known() {
        let known = |name: &str| match name {
            "GITHUB_SERVER_URL" => Some("https://github.com".to_owned()),
            "GITHUB_REPOSITORY" => Some("acme/platform".to_owned()),
            "GITHUB_RUN_ID" => Some("1658821493".to_owned()),
            _ => None,
        };
        assert_eq!(url(&known).as_deref(), Some("https://github.com/acme/platform/actions/runs/1658821493"));
        assert_eq!(url(&|name| known(name).filter(|_| name != "GITHUB_RUN_ID")), None);
    }
}
