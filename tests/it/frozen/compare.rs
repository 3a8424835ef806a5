//! Compares two texts of the plugin API by the rules of `wit/README.md`.
//!
//! Compares what the text means: the order of declarations and the words of comments do not count.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{
    Function, Resolve, SourceMap, Type, TypeDefKind, TypeId, TypeOwner, World, WorldItem, WorldKey,
};

/// What a text declares.
pub(super) struct Api {
    /// The version of its package.
    pub(super) version: String,
    /// By name.
    interfaces: BTreeMap<String, Interface>,
    /// By name: what a plugin of this world imports and exports.
    worlds: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

/// Types and functions by name, each written out in full.
#[derive(Default)]
struct Interface {
    types: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
}

impl Api {
    /// What these files declare, by their names.
    pub(super) fn parse(texts: &BTreeMap<String, String>) -> Self {
        let mut sources = SourceMap::new();
        for (name, text) in texts {
            sources.push_str(name, text.as_str());
        }
        let group =
            sources.parse().unwrap_or_else(|(sources, error)| unreachable!("{}", error.render(&sources)));
        let mut resolve = Resolve::new();
        let package = resolve.push_group(group).expect("every name is known");
        let package = &resolve.packages[package];
        let interface = |id| {
            let declared = &resolve.interfaces[id];
            let types = declared.types.iter().map(|(name, id)| (name.clone(), definition(&resolve, *id)));
            let functions = declared
                .functions
                .iter()
                .map(|(name, function)| (name.clone(), signature(&resolve, function)));
            Interface { types: types.collect(), functions: functions.collect() }
        };
        Self {
            version: package.name.version.as_ref().map(ToString::to_string).unwrap_or_default(),
            interfaces: package.interfaces.iter().map(|(name, id)| (name.clone(), interface(*id))).collect(),
            worlds: package
                .worlds
                .iter()
                .map(|(name, id)| (name.clone(), sides(&resolve, &resolve.worlds[*id])))
                .collect(),
        }
    }

    /// Whether plugins export this interface. What no world imports is exported, or optional to export.
    fn is_exported(&self, interface: &str) -> bool {
        let exported = self.worlds.values().any(|(_, exports)| exports.contains(interface));
        exported || !self.worlds.values().any(|(imports, _)| imports.contains(interface))
    }
}

/// What of `new` would stop a plugin that was built for `old`, one sentence for each.
pub(super) fn breaks(old: &Api, new: &Api) -> Vec<String> {
    let mut found = Vec::new();
    if line(&old.version) != line(&new.version) {
        found.push(format!("version {} is not compatible with {}", new.version, old.version));
    }
    for (name, before) in &old.interfaces {
        let Some(now) = new.interfaces.get(name) else {
            found.push(format!("the interface {name} is gone"));
            continue;
        };
        compare("type", name, &before.types, &now.types, &mut found);
        compare("function", name, &before.functions, &now.functions, &mut found);
        let added = now.functions.keys().filter(|function| !before.functions.contains_key(*function));
        if old.is_exported(name) {
            found.extend(added.map(|function| {
                format!("the function {name}.{function} is new, and older plugins export this interface without it")
            }));
        }
    }
    for (name, (imports, exports)) in &old.worlds {
        let Some((imports_now, exports_now)) = new.worlds.get(name) else {
            found.push(format!("the world `{name}` is gone"));
            continue;
        };
        if exports != exports_now {
            found.push(format!(
                "the world `{name}` exports {}, it was `{}`",
                list(exports_now),
                list(exports)
            ));
        }
        found.extend(
            imports
                .difference(imports_now)
                .map(|gone| format!("the world `{name}` no longer imports {gone}")),
        );
    }
    found
}

/// Adds what of `before` is gone or another now.
fn compare(
    what: &str,
    interface: &str,
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
    found: &mut Vec<String>,
) {
    for (name, before) in before {
        match now.get(name) {
            None => found.push(format!("the {what} {interface}.{name} is gone")),
            Some(now) if now != before => {
                found.push(format!("the {what} {interface}.{name} is `{now}`, it was `{before}`"));
            }
            Some(_) => {}
        }
    }
}

/// The part of a version that compatible ones share.
pub(super) fn line(version: &str) -> Option<&str> {
    let (major, rest) = version.split_once('.')?;
    let (minor, _) = rest.split_once('.')?;
    version.get(..if major == "0" { major.len() + 1 + minor.len() } else { major.len() })
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The names of what a world imports and exports.
fn sides(resolve: &Resolve, world: &World) -> (BTreeSet<String>, BTreeSet<String>) {
    let name = |(key, item): (&WorldKey, &WorldItem)| match (key, item) {
        (WorldKey::Interface(id), _) => resolve.interfaces[*id].name.clone().unwrap_or_default(),
        (WorldKey::Name(name), WorldItem::Function(function)) => {
            format!("{name} {}", signature(resolve, function))
        }
        (WorldKey::Name(name), _) => name.clone(),
    };
    (world.imports.iter().map(name).collect(), world.exports.iter().map(name).collect())
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters: Vec<String> = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, shape(resolve, &parameter.ty)))
        .collect();
    let result = function.result.map(|result| format!(" -> {}", shape(resolve, &result))).unwrap_or_default();
    let kind = if function.kind.is_async() { "async func" } else { "func" };
    format!("{kind}({}){result}", parameters.join(", "))
}

/// A type where it is used: by the name that it was declared with, wherever a `use` has brought it from.
fn shape(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else { return format!("{ty:?}").to_lowercase() };
    let declared = &resolve.types[*id];
    match (&declared.name, &declared.kind, declared.owner) {
        (_, TypeDefKind::Type(target), _) => shape(resolve, target),
        (Some(name), _, TypeOwner::Interface(owner)) => {
            format!("{}.{name}", resolve.interfaces[owner].name.as_deref().unwrap_or_default())
        }
        (Some(name), ..) => name.clone(),
        (None, ..) => definition(resolve, *id),
    }
}

/// A type where it is declared: all that it consists of.
fn definition(resolve: &Resolve, id: TypeId) -> String {
    let one = |ty: &Type| shape(resolve, ty);
    let maybe = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), one);
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter().map(|field| format!("{}: {}", field.name, one(&field.ty)));
            braced("record", fields.collect())
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| match &case.ty {
                Some(ty) => format!("{}({})", case.name, one(ty)),
                None => case.name.clone(),
            });
            braced("variant", cases.collect())
        }
        TypeDefKind::Enum(cases) => {
            braced("enum", cases.cases.iter().map(|case| case.name.clone()).collect())
        }
        TypeDefKind::Flags(flags) => {
            braced("flags", flags.flags.iter().map(|flag| flag.name.clone()).collect())
        }
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", one(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", one(ty)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err)),
        TypeDefKind::Type(ty) => one(ty),
        other => unreachable!("write out `{}` here before the API uses it", other.as_str()),
    }
}

fn braced(kind: &str, parts: Vec<String>) -> String {
    format!("{kind} {{ {} }}", parts.join(", "))
}
