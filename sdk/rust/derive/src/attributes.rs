//! What the attributes and doc comments of a field or variant say.
//!
//! Never guesses: an unknown attribute is a compile error that lists the known ones.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Field, Ident, Lit, LitStr, Meta, Path, Variant};

/// Kinds that a text field may be given, with the names of their variants.
const TEXT_KINDS: [(&str, &str); 8] = [
    ("text", "Text"),
    ("multiline", "Multiline"),
    ("template", "Template"),
    ("json-template", "JsonTemplate"),
    ("expression", "Expression"),
    ("color", "Color"),
    ("url", "Url"),
    ("path", "Path"),
];

/// What a struct's field is.
pub(crate) enum FieldRole {
    /// A setting.
    Setting(FieldAttributes),
    /// Several settings: those of its type stand in its place.
    Flattened,
}

impl FieldRole {
    pub(crate) fn read(field: &Field, ident: &Ident) -> syn::Result<Self> {
        let read = FieldAttributes::read(field, ident)?;
        match read.flatten {
            Some(_) if !read.is_plain() => {
                let message = "`flatten` takes no other attributes: each setting of the type has its own";
                Err(syn::Error::new_spanned(read.flatten, message))
            }
            Some(_) => Ok(Self::Flattened),
            None if read.help.is_empty() => {
                let message =
                    format!("`{}` has no doc comment; it is the help that an operator reads", read.key);
                Err(syn::Error::new_spanned(ident, message))
            }
            None => Ok(Self::Setting(read)),
        }
    }
}

/// What a struct's field says about itself.
pub(crate) struct FieldAttributes {
    pub(crate) key: String,
    label: Option<String>,
    pub(crate) help: String,
    pub(crate) default: Option<String>,
    pub(crate) kind: Option<Ident>,
    pub(crate) optional: bool,
    flatten: Option<Path>,
}

impl FieldAttributes {
    fn read(field: &Field, ident: &Ident) -> syn::Result<Self> {
        let key = ident.to_string().trim_start_matches("r#").to_owned();
        let mut read = Self {
            key,
            label: None,
            help: help(&field.attrs),
            default: None,
            kind: None,
            optional: false,
            flatten: None,
        };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("setting")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("label") {
                    read.label = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("default") {
                    read.default = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("kind") {
                    read.kind = Some(text_kind(&meta.value()?.parse::<LitStr>()?)?);
                } else if meta.path.is_ident("optional") {
                    read.optional = true;
                } else if meta.path.is_ident("flatten") {
                    read.flatten = Some(meta.path);
                } else {
                    return Err(meta.error("expected `label`, `default`, `kind`, `optional` or `flatten`"));
                }
                Ok(())
            })?;
        }
        Ok(read)
    }

    /// The name in a form.
    pub(crate) fn label(&self) -> String {
        self.label.clone().unwrap_or_else(|| sentence(&self.key))
    }

    fn is_plain(&self) -> bool {
        self.label.is_none() && self.default.is_none() && self.kind.is_none() && !self.optional
    }
}

/// What an enum's variant says about itself.
pub(crate) struct VariantAttributes {
    pub(crate) value: String,
    pub(crate) label: String,
}

impl VariantAttributes {
    pub(crate) fn read(variant: &Variant) -> syn::Result<Self> {
        let name = variant.ident.to_string();
        let help = help(&variant.attrs);
        let first = help.lines().next().unwrap_or("").trim_end_matches('.').to_owned();
        let label = if first.is_empty() { name.clone() } else { first };
        let mut read = Self { value: kebab(&name), label };
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("choice")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("value") {
                    read.value = meta.value()?.parse::<LitStr>()?.value();
                } else if meta.path.is_ident("label") {
                    read.label = meta.value()?.parse::<LitStr>()?.value();
                } else {
                    return Err(meta.error("expected `value` or `label`"));
                }
                Ok(())
            })?;
        }
        Ok(read)
    }
}

fn text_kind(literal: &LitStr) -> syn::Result<Ident> {
    let given = literal.value();
    match TEXT_KINDS.iter().find(|(name, _)| *name == given) {
        Some((_, variant)) => Ok(Ident::new(variant, Span::call_site())),
        None => {
            let known: Vec<&str> = TEXT_KINDS.iter().map(|(name, _)| *name).collect();
            Err(syn::Error::new_spanned(literal, format!("expected one of {}", known.join(", "))))
        }
    }
}

/// The doc comment; lines of one paragraph are joined, paragraphs stay apart.
fn help(attributes: &[Attribute]) -> String {
    let mut paragraphs = vec![String::new()];
    for line in attributes.iter().filter_map(doc_line) {
        let line = line.trim().to_owned();
        match paragraphs.last_mut() {
            _ if line.is_empty() => paragraphs.push(String::new()),
            Some(last) if !last.is_empty() => {
                last.push(' ');
                last.push_str(&line);
            }
            Some(last) => last.push_str(&line),
            None => paragraphs.push(line),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n")
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// `resolved_names` as `Resolved names`.
fn sentence(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// `InProgress` as `in-progress`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}
