//! Reads what stands in `#[resource(...)]` and `#[field(...)]`.

use syn::{Attribute, Expr, Ident, LitInt, LitStr, Path};

/// What the struct says of itself.
#[derive(Default)]
pub struct ResourceAttributes {
    pub kind: Option<LitStr>,
    pub provider: Option<LitStr>,
    pub service: Option<LitStr>,
    pub creation: Option<Ident>,
    pub mode: Option<Ident>,
    pub check: Option<Path>,
    pub waits: Option<Path>,
    pub transition: Option<Path>,
    pub updates_after: Option<LitStr>,
    pub rolling: bool,
    pub holds_data: bool,
    pub create_seconds: Option<LitInt>,
    pub delete_seconds: Option<LitInt>,
    pub block: bool,
}

/// What a field says of itself.
#[derive(Default)]
pub struct FieldAttributes {
    pub replace: bool,
    pub computed: bool,
    pub set: bool,
    pub json: bool,
    pub case_insensitive: bool,
    pub sensitive: bool,
    pub write_only: bool,
    pub ignored_after_creation: bool,
    pub named: bool,
    pub volatile: bool,
    /// The fields that it changes with, separated by blanks, where not any may.
    pub volatile_with: Option<LitStr>,
    pub replace_presence: bool,
    pub instruction: bool,
    pub version_prefix: bool,
    pub update_seconds: Option<LitInt>,
    pub windowed: bool,
    pub holds: Option<Ident>,
    pub default: Option<LitStr>,
    pub rename: Option<LitStr>,
    pub min: Option<Expr>,
    pub max: Option<Expr>,
    pub min_length: Option<LitInt>,
    pub max_length: Option<LitInt>,
    pub pattern: Option<LitStr>,
    pub pattern_words: Option<LitStr>,
    pub form: Option<Path>,
}

impl ResourceAttributes {
    pub fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("resource")) {
            attribute.parse_nested_meta(|meta| {
                let name = meta.path.require_ident()?.to_string();
                match name.as_str() {
                    "type" => read.kind = Some(meta.value()?.parse()?),
                    "provider" => read.provider = Some(meta.value()?.parse()?),
                    "service" => read.service = Some(meta.value()?.parse()?),
                    "creation" => read.creation = Some(meta.value()?.parse()?),
                    "mode" => read.mode = Some(meta.value()?.parse()?),
                    "check" => read.check = Some(meta.value()?.parse()?),
                    "waits" => read.waits = Some(meta.value()?.parse()?),
                    "transition" => read.transition = Some(meta.value()?.parse()?),
                    "updates_after" => read.updates_after = Some(meta.value()?.parse()?),
                    "create_seconds" => read.create_seconds = Some(meta.value()?.parse()?),
                    "delete_seconds" => read.delete_seconds = Some(meta.value()?.parse()?),
                    "rolling" => read.rolling = true,
                    "holds_data" => read.holds_data = true,
                    "block" => read.block = true,
                    _ => return Err(meta.error("not an attribute of a resource")),
                }
                Ok(())
            })?;
        }
        Ok(read)
    }
}

impl FieldAttributes {
    pub fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("field")) {
            attribute.parse_nested_meta(|meta| {
                let name = meta.path.require_ident()?.to_string();
                match name.as_str() {
                    "replace" => read.replace = true,
                    "computed" => read.computed = true,
                    "set" => read.set = true,
                    "json" => read.json = true,
                    "case_insensitive" => read.case_insensitive = true,
                    "sensitive" => read.sensitive = true,
                    "write_only" => read.write_only = true,
                    "ignored_after_creation" => read.ignored_after_creation = true,
                    "named" => read.named = true,
                    "volatile" => {
                        read.volatile = true;
                        read.volatile_with =
                            meta.input.peek(syn::Token![=]).then(|| meta.value()?.parse()).transpose()?;
                    }
                    "replace_presence" => read.replace_presence = true,
                    "instruction" => read.instruction = true,
                    "version_prefix" => read.version_prefix = true,
                    "windowed" => read.windowed = true,
                    "update_seconds" => read.update_seconds = Some(meta.value()?.parse()?),
                    "holds" => read.holds = Some(meta.value()?.parse()?),
                    "default" => read.default = Some(meta.value()?.parse()?),
                    "rename" => read.rename = Some(meta.value()?.parse()?),
                    "min" => read.min = Some(meta.value()?.parse()?),
                    "max" => read.max = Some(meta.value()?.parse()?),
                    "min_length" => read.min_length = Some(meta.value()?.parse()?),
                    "max_length" => read.max_length = Some(meta.value()?.parse()?),
                    "pattern" => read.pattern = Some(meta.value()?.parse()?),
                    "form" => read.form = Some(meta.value()?.parse()?),
                    "pattern_words" => read.pattern_words = Some(meta.value()?.parse()?),
                    _ => return Err(meta.error("not an attribute of a field")),
                }
                Ok(())
            })?;
        }
        Ok(read)
    }
}

/// The first paragraph of the doc comment, on one line.
pub fn doc(attributes: &[Attribute]) -> String {
    let lines = lines(attributes);
    let paragraph = lines.iter().map(|line| line.trim()).skip_while(|line| line.is_empty());
    paragraph.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first code block of the doc comment, as rustdoc shows it: without the lines that only make it compile.
pub fn example(attributes: &[Attribute]) -> String {
    let lines = lines(attributes);
    let is_fence = |line: &&String| line.trim_start().starts_with("```");
    let block = lines.iter().skip_while(|line| !is_fence(line)).skip(1).take_while(|line| !is_fence(line));
    let is_hidden = |line: &str| line == "#" || line.starts_with("# ");
    let shown: Vec<&str> =
        block.map(|line| line.strip_prefix(' ').unwrap_or(line)).filter(|line| !is_hidden(line.trim_start())).collect();
    shown.join("\n").trim_end().to_owned()
}

/// The lines of the doc comment, each with the blank that follows `///`.
fn lines(attributes: &[Attribute]) -> Vec<String> {
    let text = |attribute: &Attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
        let Expr::Lit(literal) = &pair.value else { return None };
        let syn::Lit::Str(text) = &literal.lit else { return None };
        Some(text.value())
    };
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use syn::{ItemStruct, parse_quote};

    use super::*;

    #[test]
    fn the_first_paragraph_says_what_it_is_and_the_first_block_is_its_example() {
        let item: ItemStruct = parse_quote! {
            /// A thing
            /// in two lines.
            ///
            /// More on it.
            ///
            /// ```
            /// # hidden();
            /// let thing = Thing::new();
            ///
            /// #[allow(unused)]
            /// if thing.is() {
            ///     // So it is.
            ///     # also_hidden();
            /// }
            /// # }
            /// ```
            ///
            /// ```
            /// another();
            /// ```
            struct Thing;
        };
        assert_eq!(doc(&item.attrs), "A thing in two lines.");
        let shown = "let thing = Thing::new();\n\n#[allow(unused)]\nif thing.is() {\n    // So it is.\n}";
        assert_eq!(example(&item.attrs), shown);
    }

    #[test]
    fn what_has_no_block_has_no_example() {
        let item: ItemStruct = parse_quote! {
            /// A thing.
            struct Thing;
        };
        assert_eq!(example(&item.attrs), "");
    }
}
