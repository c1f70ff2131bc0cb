//! Stacks with a last line that is refused, or not.

use std::panic::Location;

use fathuss_model::graph::Finding;
use fathuss_model::{Stack, graph_of};

/// Builds a stack whose last line is wrong and asserts that this, there, is all that is found.
#[track_caller]
pub fn refused(message: &str, build: impl FnOnce(&mut Stack) -> u32) {
    let (findings, line) = findings(build);
    let [finding] = findings.as_slice() else { panic!("one finding was expected: {findings:#?}") };
    assert!(finding.message.contains(message), "found {:?}", finding.message);
    let source = finding.source.as_ref().expect("it has a line");
    assert_eq!(source.file, Location::caller().file());
    assert_eq!(source.line, line, "{}", finding.message);
}

/// What is found, and the line that the stack says.
pub fn findings(build: impl FnOnce(&mut Stack) -> u32) -> (Vec<Finding>, u32) {
    let mut line = 0;
    let built = graph_of("test", |stack| {
        stack.place("us-east-1", "111122223333");
        line = build(stack);
        Ok(())
    });
    (built.err().unwrap_or_default(), line)
}

/// Builds a stack in which nothing is wrong.
#[track_caller]
pub fn accepted(build: impl FnOnce(&mut Stack)) {
    let (findings, _) = findings(|stack| {
        build(stack);
        0
    });
    assert!(findings.is_empty(), "{findings:#?}");
}
