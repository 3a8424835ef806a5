//! `#[derive(Settings)]` and `#[derive(Choice)]`: an operator's form from a struct and its doc comments.
//!
//! Never generates anything that can panic, and never lets a field through without help.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, parse_macro_input};

mod attributes;
#[cfg(test)]
mod tests;

use attributes::{FieldRole, VariantAttributes};

/// Makes a struct with named fields a `tocsin_plugin::Settings`.
///
/// The doc comment of a field becomes its help and is required. The type gives the kind: `String` text,
/// `bool` boolean, `i64` integer, `Duration` duration, `Vec<String>` a list of lines, `Severity` and enums
/// with `#[derive(Choice)]` a choice, `Secret` a secret; `Option<…>` makes it optional. Attributes:
///
/// * `#[setting(label = "…")]`: the name in a form; the field's name with spaces otherwise.
/// * `#[setting(default = "…")]`: written as in the configuration; a list has one entry on each line.
/// * `#[setting(kind = "…")]`, for texts: `multiline`, `template`, `json-template`, `expression`, `color`,
///   `url`; `template` also for a `Vec<String>`, a list of templates.
/// * `#[setting(optional)]`: for a `Secret` that need not be given.
/// * `#[setting(flatten)]`, alone and on a field whose type is itself a `Settings`: the settings of that type
///   stand in the field's place, under their own names. A doc comment is for readers of the code then.
#[proc_macro_derive(Settings, attributes(setting))]
pub fn derive_settings(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    settings(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes an enum of unit variants a field of kind `choice`.
///
/// The value is the variant's name in kebab case, the label the first line of its doc comment without the
/// full stop. `#[choice(value = "…", label = "…")]` says otherwise.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn settings(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let name = &input.ident;
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            _ => return Err(syn::Error::new_spanned(name, "Settings needs named fields; use `()` for none")),
        },
        _ => return Err(syn::Error::new_spanned(name, "Settings can be derived for structs only")),
    };
    let mut descriptions = Vec::new();
    let mut readers = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let ty = &field.ty;
        let read = match FieldRole::read(field, ident)? {
            FieldRole::Setting(read) => read,
            FieldRole::Flattened => {
                descriptions.push(quote!(fields.extend(<#ty as ::tocsin_plugin::Settings>::fields());));
                readers.push(quote!(#ident: <#ty as ::tocsin_plugin::Settings>::from_settings(settings)?));
                continue;
            }
        };
        let (key, label, help) = (&read.key, read.label(), &read.help);
        let optional = read.optional;
        let default = match &read.default {
            Some(text) => quote!(::core::option::Option::Some(#text)),
            None => quote!(::core::option::Option::None),
        };
        let method = match &read.kind {
            Some(kind) => quote!(text_field::<#ty>(::tocsin_plugin::FieldKind::#kind)),
            None => quote!(field::<#ty>()),
        };
        descriptions.push(quote! {
            fields.push(::tocsin_plugin::FieldSpec {
                key: #key, label: #label, help: #help, default: #default, optional: #optional,
            }.#method);
        });
        readers.push(quote!(#ident: ::tocsin_plugin::read(settings, #key, #default)?));
    }
    Ok(quote! {
        impl ::tocsin_plugin::Settings for #name {
            fn fields() -> ::std::vec::Vec<::tocsin_plugin::Field> {
                let fields = ::std::vec::Vec::new();
                #(let mut fields = fields; #descriptions)*
                fields
            }

            fn from_settings(
                settings: &[::tocsin_plugin::Setting],
            ) -> ::core::result::Result<Self, ::tocsin_plugin::SettingError> {
                let _ = settings;
                ::core::result::Result::Ok(Self { #(#readers),* })
            }
        }
    })
}

fn choice(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let name = &input.ident;
    let Data::Enum(data) = &input.data else {
        return Err(syn::Error::new_spanned(name, "Choice can be derived for enums only"));
    };
    let mut choices = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(syn::Error::new_spanned(variant, "a choice's variants hold nothing"));
        }
        let VariantAttributes { value, label } = VariantAttributes::read(variant)?;
        let ident = &variant.ident;
        choices.push(quote!((#value, #label, Self::#ident)));
    }
    Ok(quote! {
        impl ::tocsin_plugin::ChoiceType for #name {
            const CHOICES: &'static [(&'static str, &'static str, Self)] = &[#(#choices),*];
        }
    })
}
