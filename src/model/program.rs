//! What a stack program does when it is run: builds one stack and prints it.
//!
//! `main` passes in the arguments and the output, so that this package reads
//! and writes nothing on its own.

use std::cell::RefCell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Arc;

use crate::graph::{Finding, Graph, Printed, Source};
use crate::stack::{Result, Stack, source};

/// The stacks of a program, by name. Plain functions: what one stack makes can't leak into another but by an output.
pub type Stacks<'a> = &'a [(&'a str, fn(&mut Stack) -> Result<()>)];

/// How a run of a stack program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The graph was printed.
    Printed,
    /// The stack is refused; what is wrong was printed.
    Refused,
}

/// Runs a stack program: `program NAME` prints the graph of that stack, without a name only the stacks' names.
pub fn run(stacks: Stacks<'_>, arguments: &[String], output: &mut dyn Write) -> std::io::Result<Outcome> {
    let names: Vec<String> = stacks.iter().map(|(name, _)| (*name).to_owned()).collect();
    let printed = match arguments {
        [] => Printed::new(names, None, Vec::new()),
        [name] => match stacks.iter().find(|(stack, _)| stack == name) {
            Some((name, build)) => match located(|| graph(name, *build)) {
                Ok(graph) => Printed::new(names, Some(graph), Vec::new()),
                Err(findings) => Printed::new(names, None, findings),
            },
            None => {
                let message = format!("there is no stack `{name}` in this program; it has {}", names.join(", "));
                Printed::new(names, None, vec![Finding { address: None, source: None, message }])
            }
        },
        _ => {
            let message = "a stack program takes one argument, the name of a stack".to_owned();
            Printed::new(names, None, vec![Finding { address: None, source: None, message }])
        }
    };
    serde_json::to_writer(&mut *output, &printed)?;
    output.write_all(b"\n")?;
    output.flush()?;
    Ok(if printed.findings.is_empty() { Outcome::Printed } else { Outcome::Refused })
}

/// Builds one stack and checks it: the way a test looks at a stack.
pub fn graph(name: &str, build: impl FnOnce(&mut Stack) -> Result<()>) -> std::result::Result<Graph, Vec<Finding>> {
    let mut stack = Stack::new(name);
    let built = catch_unwind(AssertUnwindSafe(|| build(&mut stack)));
    let finding = match built {
        Ok(Ok(())) => return stack.finish(),
        Ok(Err(error)) => error.into_finding(),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            let message = format!("the stack function panicked: {words}");
            Finding { address: None, source: PANICKED_AT.take(), message }
        }
    };
    Err(match stack.finish() {
        Ok(_) => vec![finding],
        Err(mut findings) => {
            findings.insert(0, finding);
            findings
        }
    })
}

thread_local! {
    /// Where this thread panicked last, where [`located`] looked on.
    static PANICKED_AT: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Remembers where a panic in `work` happens, which only a hook is told. What is printed of it stays as it is.
fn located<T>(work: impl FnOnce() -> T) -> T {
    let before: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = take_hook().into();
    let print = Arc::clone(&before);
    set_hook(Box::new(move |panic| {
        PANICKED_AT.set(panic.location().map(source));
        print(panic);
    }));
    let done = work();
    set_hook(Box::new(move |panic| before(panic)));
    done
}
