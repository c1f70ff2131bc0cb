//! A line of a report: pieces of text with a tone each, measured in columns.
//!
//! Every text passes through [`harmless`] on its way in, so that nothing that a
//! cloud or a stack program says can move a cursor or repaint a terminal.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::style::{Style, Tone};

/// A line that is being put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<(Tone, String)>,
    width: usize,
}

impl Line {
    /// A line that begins at a column.
    pub fn at(column: usize) -> Self {
        Self::default().to(column)
    }

    /// One more piece.
    pub fn with(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.push(tone, text.as_ref());
        self
    }

    /// One more piece without a tone.
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.with(Tone::Plain, text)
    }

    /// Adds a piece.
    pub fn push(&mut self, tone: Tone, text: &str) {
        let text = harmless(text);
        self.width += text.width();
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == tone => piece.push_str(&text),
            _ => self.pieces.push((tone, text.into_owned())),
        }
    }

    /// Goes on at a column, or where the line is if it is past that.
    pub fn to(self, column: usize) -> Self {
        let gap = column.saturating_sub(self.width);
        self.plain(" ".repeat(gap))
    }

    /// Fills it up to where values begin; what reaches further is two spaces away from its value.
    pub fn beside(self, column: usize) -> Self {
        let column = column.max(self.width + 2);
        self.to(column)
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Cuts it to a width, with a mark where something is missing.
    pub fn cut(self, width: usize, style: &Style) -> Self {
        if self.width <= width {
            return self;
        }
        let mark = style.marks().cut;
        let room = width.saturating_sub(mark.width());
        let mut short = Self::default();
        for (tone, text) in self.pieces {
            let left = room - short.width;
            if text.width() <= left {
                short.push(tone, &text);
                continue;
            }
            short.push(tone, &head(&text, left));
            short.push(tone, mark);
            break;
        }
        short
    }

    /// Breaks it at blanks into lines of at most a width; those below the first begin at a column. A word that is
    /// longer than a line is broken too.
    pub fn broken(self, width: usize, column: usize) -> Vec<Self> {
        let mut lines = Vec::new();
        let mut line = Self::default();
        let mut is_empty = true;
        for (tone, text) in self.pieces {
            for mut word in text.split_inclusive(' ') {
                while line.width + word.trim_end().width() > width {
                    let part = if is_empty { head(word, width.saturating_sub(line.width)) } else { String::new() };
                    // Nothing is narrower than this: it has to stand where it stands.
                    if is_empty && part.is_empty() {
                        break;
                    }
                    line.push(tone, &part);
                    word = &word[part.len()..];
                    lines.push(std::mem::replace(&mut line, Self::at(column)));
                    is_empty = true;
                }
                let is_blank = word.trim_end().is_empty();
                if is_blank && is_empty && !lines.is_empty() {
                    continue;
                }
                is_empty &= is_blank;
                line.push(tone, word);
            }
        }
        lines.push(line);
        lines
    }

    /// Writes it, with a line break behind it.
    pub fn write(&self, style: &Style, out: &mut String) {
        self.put(style, out);
        out.push('\n');
    }

    /// The line as text.
    pub fn text(&self, style: &Style) -> String {
        let mut out = String::new();
        self.put(style, &mut out);
        out
    }

    fn put(&self, style: &Style, out: &mut String) {
        let last = self.pieces.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        let Some(last) = last else { return };
        for (at, (tone, text)) in self.pieces[..=last].iter().enumerate() {
            let text = if at == last { text.trim_end() } else { text };
            match tone.code().filter(|_| style.colour && !text.is_empty()) {
                Some(code) => {
                    // Writing to a String does not fail.
                    let _ = write!(out, "\u{1b}[{code}m{text}\u{1b}[0m");
                }
                None => out.push_str(text),
            }
        }
    }
}

/// The text without anything that a terminal would act on: control characters and
/// marks that change the direction of writing are spelt out.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_harmful(c) => {
                // Writing to a String does not fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal may act on a character, or a reader never see it.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// The beginning of a text, at most so many columns.
pub(crate) fn head(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

/// The end of a text, at most so many columns.
pub(crate) fn tail(text: &str, width: usize) -> String {
    let mut used = 0;
    let mut end: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect();
    end.reverse();
    end.into_iter().collect()
}

/// A text in at most so many columns: cut in its middle, where long names and ARNs differ least.
pub(crate) fn shorten(text: &str, width: usize, style: &Style) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = style.marks().cut;
    let room = width.saturating_sub(mark.width());
    let end = room * 2 / 5;
    format!("{}{mark}{}", head(text, room - end), tail(text, end))
}

/// A text in lines of at most so many columns, broken at blanks; a word that is longer has a line of its own. Its own line breaks stay.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let word = harmless(word);
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines
}

/// A number with a comma at each thousand.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 dependent`, `2 dependents`.
pub(crate) fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_from_outside_is_spelt_out() {
        let style = Style { width: 80, colour: false, unicode: true };
        let line = Line::default().plain("a\u{1b}]0;owned\u{7}b\u{9b}2Jc\u{202e}d\ne");
        assert_eq!(line.text(&style), "a\\u{1b}]0;owned\\u{7}b\\u{9b}2Jc\\u{202e}d\\ne");
    }

    #[test]
    fn width_is_counted_in_columns() {
        let style = Style { width: 80, colour: false, unicode: true };
        assert_eq!(Line::default().plain("日本").width(), 4);
        assert_eq!(Line::default().plain("日本語").cut(5, &style).text(&style), "日本…");
        assert_eq!(shorten("arn:aws:iam::111122223333:role/some-role", 20, &style).width(), 20);
    }

    #[test]
    fn colour_wraps_each_piece_and_nothing_behind_the_line() {
        let style = Style { width: 80, colour: true, unicode: true };
        let line = Line::default().with(Tone::Add, "+").plain(" x").to(20);
        assert_eq!(line.text(&style), "\u{1b}[32m+\u{1b}[0m x");
    }

    #[test]
    fn a_line_is_broken_at_blanks_and_keeps_its_tones() {
        let style = Style { width: 20, colour: true, unicode: true };
        let line = Line::at(2).with(Tone::Strong, "aws_vpc.main").plain(": ").with(Tone::Change, "is in the way");
        let rows: Vec<String> = line.broken(20, 4).iter().map(|row| row.text(&style)).collect();
        assert_eq!(
            rows,
            ["  \u{1b}[1maws_vpc.main\u{1b}[0m: \u{1b}[33mis\u{1b}[0m", "    \u{1b}[33min the way\u{1b}[0m"]
        );
    }

    #[test]
    fn a_word_that_is_longer_than_a_line_is_broken_too() {
        let style = Style { width: 10, colour: false, unicode: true };
        let rows = Line::default().plain("an arn:aws:iam::111122223333:root").broken(10, 2);
        assert!(rows.iter().all(|row| row.width() <= 10), "{rows:?}");
        let rows: Vec<String> = rows.iter().map(|row| row.text(&style)).collect();
        assert_eq!(rows, ["an", "  arn:aws:", "  iam::111", "  12222333", "  3:root"]);
    }

    #[test]
    fn numbers_have_commas_and_words_their_plural() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(plural(1, "action", "actions"), "1 action");
    }
}
