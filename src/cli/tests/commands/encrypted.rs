//! A state that is encrypted: turned on, read by the wrong person, for other recipients, and turned off.

use crate::demo;
use crate::project::{Project, assert_shown, flat};

/// Identities of age and their recipients.
const MIA: (&str, &str) = (
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
);
const NOOR: (&str, &str) = (
    "AGE-SECRET-KEY-1QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSKMP32K",
    "age1zwlyl6h27gzv0lfntr7fcqrjrzqazap8sy5zylkxwneh7llf0dksu37mwt",
);
const STATE: &str = ".fathuss/sandbox/demo.db";
const FILE: &str = "fathuss.toml";

/// The stack's state is to be for these.
fn wanted(project: &Project, plain: &str, recipients: &[&str]) {
    let list = recipients.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ");
    project.write(FILE, &plain.replace("[stacks.demo]", &format!("[stacks.demo]\nencryption = {{ age = [{list}] }}")));
}

fn bytes(project: &Project) -> Vec<u8> {
    std::fs::read(project.path(STATE)).expect("there is a state")
}

#[test]
fn a_state_is_encrypted_by_the_next_run_and_read_by_its_recipients_alone() {
    let project = Project::of(demo::network);
    let plain = project.read(FILE);
    project.run("apply demo --sandbox").ended(0);
    let before = project.run("show demo --sandbox").ended(0).stdout;
    let vpc = before.split_whitespace().find(|word| word.starts_with("vpc-")).expect("it has one").to_owned();
    let says = |bytes: &[u8]| bytes.windows(vpc.len()).any(|part| part == vpc.as_bytes());
    assert!(says(&bytes(&project)));

    wanted(&project, &plain, &[MIA.1]);
    let yet = project.run("doctor demo --sandbox").stdout;
    let refused = project.run("apply demo --sandbox").ended(1).stderr;
    assert!(says(&bytes(&project)), "nobody here could read it");
    project.write("home/.config/fathuss/identity.txt", &format!("# mia\n{}\n", MIA.0));
    let encrypted = project.run("apply demo --sandbox").ended(0).stderr;
    std::fs::remove_file(project.path("home/.config/fathuss/identity.txt")).expect("it is there");
    assert!(!says(&bytes(&project)), "nothing plain is left");
    let without = project.run("show demo --sandbox").ended(1).stderr;
    project.write("home/.config/fathuss/identity.txt", &format!("# noor\n{}\n", NOOR.0));
    let at_rest = bytes(&project);
    let wrong = project.run("plan demo --sandbox").ended(1).stderr;
    let wrong_write = project.run("apply demo --sandbox").ended(1).stderr;
    let wrong_doctor = project.run("doctor demo --sandbox").ended(1).stdout;
    assert_eq!(bytes(&project), at_rest, "nothing was written");
    project.write("home/.config/fathuss/identity.txt", &format!("# mia\n{}\n", MIA.0));
    assert_eq!(project.run("show demo --sandbox").ended(0).stdout, before);
    let doctor = project.run("doctor demo --sandbox").stdout;
    project.run("plan demo --sandbox --detailed-exitcode").ended(0);

    let pulled = project.run("state pull demo --sandbox --to now.json").ended(0);
    assert!(!says(project.read("now.json").as_bytes()), "{pulled}");
    project.run("state push demo now.json --sandbox").ended(0);
    project.run("state verify demo --sandbox").ended(0);

    // Others are asked for, and nobody.
    wanted(&project, &plain, &[NOOR.1]);
    let others = project.run("apply demo --sandbox").ended(1).stderr;
    project.write(FILE, &plain);
    let nobody = project.run("apply demo --sandbox").ended(1).stderr;
    let not_said = project.run("state encrypt demo --sandbox").ended(1).stderr;
    wanted(&project, &plain, &[NOOR.1]);
    let left_out = project.run("state encrypt demo --sandbox").ended(1).stderr;
    project.write("home/.config/fathuss/identity.txt", &format!("{}\n{}\n", MIA.0, NOOR.0));
    let anew = project.run("state encrypt demo --sandbox").ended(0).stdout;
    project.write("home/.config/fathuss/identity.txt", &format!("{}\n", MIA.0));
    project.run("show demo --sandbox").ended(1);
    project.write("home/.config/fathuss/identity.txt", &format!("{}\n", NOOR.0));
    assert_eq!(project.run("show demo --sandbox").ended(0).stdout, before);
    let meant = project.run("state encrypt demo --sandbox --plain").ended(1).stderr;
    project.write(FILE, &plain);
    let off = project.run("state encrypt demo --sandbox --plain").ended(0).stdout;
    assert_eq!(project.run("show demo --sandbox").ended(0).stdout, before);
    let line = |text: &str| flat(text.lines().filter(|line| line.contains("state")).collect::<Vec<_>>().join(" "));
    assert_shown!(
        project,
        line(&yet),
        flat(refused),
        flat(encrypted),
        flat(without),
        flat(wrong),
        flat(wrong_write),
        line(&wrong_doctor),
        line(&doctor),
        flat(others),
        flat(nobody),
        flat(not_said),
        flat(left_out),
        flat(anew),
        flat(meant),
        flat(off)
    );
}

#[test]
fn a_recipient_that_is_none_is_refused_at_its_line_and_a_private_key_is_not_repeated() {
    let project = Project::of(demo::network);
    let plain = project.read(FILE);
    let mut told = Vec::new();
    for keys in [&["mia"][..], &[MIA.1, "age1qqq"], &["ssh-ed25519 AAAA"], &[MIA.0], &[]] {
        wanted(&project, &plain, keys);
        let error = project.run("apply demo --sandbox").ended(1).stderr;
        assert!(!error.contains("AGE-SECRET"), "{error}");
        told.push(flat(error));
    }
    for kms in ["alias/state", "arn:aws:kms:eu-central-1:111122223333:alias/state"] {
        let encryption = format!("[stacks.demo]\nencryption = {{ kms = [\"{kms}\"] }}");
        project.write(FILE, &plain.replace("[stacks.demo]", &encryption));
        told.push(flat(project.run("apply demo --sandbox").ended(1).stderr));
    }
    project.write(FILE, &plain.replace("[stacks.demo]", "[stacks.demo]\nencryption = { pgp = [\"mia\"] }"));
    told.push(flat(project.run("apply demo --sandbox").ended(1).stderr));
    assert!(!project.path(STATE).exists(), "nothing was written");
    assert_shown!(project, told.join("\n"));
}
