//! Draws what a terminal showed: text with ANSI colours on standard input, SVG on standard output.
//!
//! ```text
//! script -qec "fathuss plan staging --sandbox" /dev/null | cargo run -p fathuss-report --example terminal_picture -- "fathuss plan" > plan.svg
//! ```

use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let title = std::env::args().nth(1).unwrap_or_default();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    std::io::stdout().write_all(fathuss_report::terminal_svg(&title, &text).as_bytes())
}
