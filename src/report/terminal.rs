//! What a terminal showed, as a picture: SVG from text with ANSI colours.
//!
//! For pages that show a real run. It follows the reader's light or dark theme,
//! and each piece of text has its column, so that any monospaced font lines up.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::line::{harmless, is_harmful};

/// A character's width and a line's height, in pixels, at 13 pixels.
const CHARACTER: f64 = 7.83;
const LINE: f64 = 18.0;
const LEFT: f64 = 16.0;
const TOP: f64 = 54.0;
/// A picture is no narrower than this, so that its title has room.
const LEAST_COLUMNS: usize = 40;

const STYLE: &str = "\
:root{color-scheme:light dark}\
.frame{fill:#ffffff;stroke:#d1d9e0}.bar{fill:#f6f8fa}.title{fill:#59636e}.t{fill:#1f2328}\
.c0{fill:#24292f}.c1{fill:#cf222e}.c2{fill:#116329}.c3{fill:#7d4e00}.c4{fill:#0969da}.c5{fill:#8250df}.c6{fill:#1b7c83}.c7{fill:#57606a}\
.b{font-weight:700}.f{opacity:.62}.i{font-style:italic}.u{text-decoration:underline}\
@media (prefers-color-scheme:dark){\
.frame{fill:#0d1117;stroke:#3d444d}.bar{fill:#151b23}.title{fill:#9198a1}.t{fill:#e6edf3}\
.c0{fill:#848d97}.c1{fill:#ff7b72}.c2{fill:#3fb950}.c3{fill:#d29922}.c4{fill:#58a6ff}.c5{fill:#bc8cff}.c6{fill:#39c5cf}.c7{fill:#b1bac4}}";

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    /// One of the eight colours.
    colour: Option<u8>,
    bold: bool,
    faint: bool,
    italic: bool,
    underlined: bool,
}

/// A piece of text that looks alike, at its column.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    column: usize,
    look: Look,
    text: String,
}

/// Draws text as a terminal shows it: colours and weights are kept, every other control sequence is left out.
#[must_use]
pub fn terminal_svg(title: &str, text: &str) -> String {
    let lines = lines(text);
    let columns = lines.iter().flatten().map(|piece| piece.column + piece.text.width()).max().unwrap_or(0);
    let width = LEFT * 2.0 + columns.max(LEAST_COLUMNS) as f64 * CHARACTER;
    let height = TOP + lines.len() as f64 * LINE + 8.0;
    let title = escape(&harmless(title));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{title}\" font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"13\">\n\
         <style>{STYLE}</style>\n\
         <rect class=\"frame\" x=\".5\" y=\".5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"8\"/>\n\
         <path class=\"bar\" d=\"M1 32V9a8 8 0 0 1 8-8H{:.0}a8 8 0 0 1 8 8V32z\"/>\n\
         <circle cx=\"18\" cy=\"16.5\" r=\"5\" fill=\"#ff5f57\"/><circle cx=\"36\" cy=\"16.5\" r=\"5\" fill=\"#febc2e\"/><circle cx=\"54\" cy=\"16.5\" r=\"5\" fill=\"#28c840\"/>\n\
         <text class=\"title\" x=\"{:.0}\" y=\"21\" text-anchor=\"middle\">{title}</text>\n",
        width - 1.0,
        height - 1.0,
        width - 9.0,
        width / 2.0,
    );
    for (row, pieces) in lines.iter().enumerate() {
        let y = TOP + row as f64 * LINE;
        for piece in pieces.iter().filter(|piece| !piece.text.trim().is_empty()) {
            let blanks = piece.text.len() - piece.text.trim_start().len();
            let text = piece.text.trim();
            let x = LEFT + (piece.column + blanks) as f64 * CHARACTER;
            // Writing to a String does not fail.
            let _ = writeln!(
                out,
                "<text class=\"{}\" xml:space=\"preserve\" x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
                piece.look.classes(),
                text.width() as f64 * CHARACTER,
                escape(text)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

impl Look {
    fn classes(self) -> String {
        let mut classes = match self.colour {
            Some(colour) => format!("c{colour}"),
            None => "t".to_owned(),
        };
        for (is, class) in [(self.bold, " b"), (self.faint, " f"), (self.italic, " i"), (self.underlined, " u")] {
            if is {
                classes.push_str(class);
            }
        }
        classes
    }

    /// The look after a sequence of graphic parameters.
    fn after(mut self, parameters: &str) -> Self {
        let mut numbers = parameters.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => self = Self::default(),
                1 => self.bold = true,
                2 => self.faint = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                22 => (self.bold, self.faint) = (false, false),
                23 => self.italic = false,
                24 => self.underlined = false,
                30..=37 => self.colour = u8::try_from(number - 30).ok(),
                90..=97 => self.colour = u8::try_from(number - 90).ok(),
                39 => self.colour = None,
                // Colours of a larger palette: of 256 the first 16 are the eight and their bright ones.
                38 | 48 => {
                    let (is_text, kind) = (number == 38, numbers.next());
                    let colour = match kind {
                        Some(5) => numbers.next(),
                        Some(2) => {
                            numbers.by_ref().take(3).for_each(drop);
                            None
                        }
                        _ => None,
                    };
                    if is_text {
                        self.colour =
                            colour.filter(|colour| *colour < 16).and_then(|colour| u8::try_from(colour % 8).ok());
                    }
                }
                _ => {}
            }
        }
        self
    }
}

fn lines(text: &str) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    let mut look = Look::default();
    for line in text.lines() {
        // What a carriage return goes back over is overwritten: only what stands last is seen.
        let line = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut column = 0;
        let mut rest = line.chars().peekable();
        while let Some(c) = rest.next() {
            if c == '\u{1b}' {
                if let Some(parameters) = sequence(&mut rest) {
                    look = look.after(&parameters);
                }
                continue;
            }
            let blanks = if c == '\t' { 8 - column % 8 } else { 0 };
            if is_harmful(c) && blanks == 0 {
                continue;
            }
            match pieces.last_mut() {
                Some(piece) if piece.look == look => {}
                _ => pieces.push(Piece { column, look, text: String::new() }),
            }
            // One was pushed above where there was none.
            if let Some(piece) = pieces.last_mut() {
                if blanks > 0 {
                    piece.text.push_str(&" ".repeat(blanks));
                    column += blanks;
                } else {
                    piece.text.push(c);
                    column += c.width().unwrap_or(0);
                }
            }
        }
        lines.push(pieces);
    }
    while lines.last().is_some_and(|pieces| pieces.iter().all(|piece| piece.text.trim().is_empty())) {
        lines.pop();
    }
    lines
}

/// Reads an escape sequence to its end; gives the parameters of one that sets how text looks.
fn sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    match rest.next()? {
        '[' => {
            let mut parameters = String::new();
            for c in rest.by_ref() {
                match c {
                    '\u{40}'..='\u{7e}' => return (c == 'm').then_some(parameters),
                    c => parameters.push(c),
                }
            }
            None
        }
        // A title or a link: to its end, which is a bell or another escape with a backslash.
        ']' => {
            while let Some(c) = rest.next() {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
            None
        }
        _ => None,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(text: &str) -> Vec<(usize, String, String)> {
        let pieces = lines(text).concat();
        pieces.into_iter().map(|piece| (piece.column, piece.look.classes(), piece.text)).collect()
    }

    fn piece(column: usize, classes: &str, text: &str) -> (usize, String, String) {
        (column, classes.to_owned(), text.to_owned())
    }

    #[test]
    fn colours_and_weights_are_kept_with_their_columns() {
        assert_eq!(
            looks("\u{1b}[32m+\u{1b}[0m \u{1b}[1;31mdanger\u{1b}[22m still\u{1b}[38;5;12mblue\u{1b}[38;2;1;2;3mrgb"),
            [
                piece(0, "c2", "+"),
                piece(1, "t", " "),
                piece(2, "c1 b", "danger"),
                piece(8, "c1", " still"),
                piece(14, "c4", "blue"),
                piece(18, "t", "rgb"),
            ]
        );
    }

    #[test]
    fn every_other_control_is_left_out() {
        assert_eq!(
            looks("\u{1b}]0;title\u{7}a\u{1b}[2Kb\u{1b}]8;;http://x\u{1b}\\c\u{1b}[1Ad\u{9b}\u{7}"),
            [piece(0, "t", "abcd")]
        );
        assert_eq!(looks("gone\rseen\r\n"), [piece(0, "t", "seen")]);
        assert_eq!(looks("a\tb"), [piece(0, "t", "a       b")]);
    }

    #[test]
    fn a_wide_character_takes_two_columns() {
        assert_eq!(looks("日\u{1b}[1mx"), [piece(0, "t", "日"), piece(2, "t b", "x")]);
    }

    #[test]
    fn markup_in_the_text_stays_text() {
        let svg = terminal_svg("<b>", "<script>\"&\u{1b}[31m</svg>");
        assert!(svg.contains("&lt;script&gt;&quot;&amp;") && svg.contains("&lt;/svg&gt;"), "{svg}");
        assert_eq!(svg.matches("</svg>").count(), 1);
        assert!(svg.contains("aria-label=\"&lt;b&gt;\""));
    }
}
