//! What is in a component's core modules, counted over all of them.
//!
//! Never judges whether a module is valid: that is [`super::features`].

use wasmparser::{ElementItems, ExportSectionReader, FunctionBody, Imports, Operator, Payload, TypeRef};

use super::Refused;
use super::graph::own;
use super::limits::{
    BLOCKS_MAX, BODY_BYTES_MAX, CODE_BYTES_MAX, FUNCTIONS_MAX, GLOBALS_MAX, LINK_NAMES_BYTES_MAX, LINKS_MAX,
    LOCALS_BY_BYTES_MAX, LOCALS_MAX, Limit, MEMORIES_MAX, MEMORIES_OF_MODULE_MAX, NAME_BYTES_MAX,
    SEGMENTS_MAX, TABLES_MAX, TYPES_MAX, within,
};
use crate::limits::TABLE_ELEMENTS_MAX;

/// What to do about too much code.
const LESS_CODE: &str = "leave out what the plugin does not use, and build it optimised for size";
/// What to do about one function.
const SMALLER: &str = "divide it, and build the plugin optimised for size";

/// A limit on one function.
const fn one(what: &'static str) -> Limit {
    Limit { of: "one of its functions", what, fix: SMALLER }
}

/// The sums over all modules.
#[derive(Debug, Default)]
pub(super) struct Totals {
    code_bytes: usize,
    functions: usize,
    types: usize,
    tables: usize,
    memories: usize,
    globals: usize,
    links: usize,
    link_names_bytes: usize,
    segments: usize,
}

/// The module that is being read.
#[derive(Debug, Default)]
pub(super) struct Module {
    memories: usize,
}

impl Module {
    /// Counts a section.
    pub(super) fn take(&mut self, payload: Payload<'_>, all: &mut Totals) -> Result<(), Refused> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types {
                    all.types += group?.types().len();
                    within(all.types, TYPES_MAX, own("types of functions", LESS_CODE))?;
                }
            }
            Payload::ImportSection(imports) => {
                for imports in imports {
                    self.imports(imports?, all)?;
                }
            }
            Payload::FunctionSection(functions) => all.functions(functions.count() as usize)?,
            Payload::TableSection(tables) => {
                for table in tables {
                    let table = table?;
                    let limit = Limit { of: "one of its tables", what: "elements", fix: LESS_CODE };
                    within(table.ty.initial, TABLE_ELEMENTS_MAX as u64, limit)?;
                    all.tables(1)?;
                }
            }
            Payload::MemorySection(memories) => self.memories(memories.count() as usize, all)?,
            Payload::GlobalSection(globals) => all.globals(globals.count() as usize)?,
            Payload::ExportSection(exports) => all.exports(exports)?,
            Payload::ElementSection(elements) => {
                for element in elements {
                    let count = match element?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    all.segments(1 + count as usize)?;
                }
            }
            Payload::DataSection(data) => all.segments(data.count() as usize)?,
            Payload::CodeSectionEntry(body) => all.body(&body)?,
            _ => {}
        }
        Ok(())
    }

    fn memories(&mut self, count: usize, all: &mut Totals) -> Result<(), Refused> {
        self.memories += count;
        if self.memories > MEMORIES_OF_MODULE_MAX {
            let words = format!(
                "one of its modules has {} memories (the proposal multi-memory), and a plugin's module has one; \
                 link it into a single memory: Rust, C, TinyGo, JavaScript and Python do so unless they are told \
                 otherwise",
                self.memories
            );
            return Err(Refused::Unsupported(words));
        }
        all.memories += count;
        within(all.memories, MEMORIES_MAX, own("memories", "build it as one module"))
    }

    fn imports(&mut self, imports: Imports<'_>, all: &mut Totals) -> Result<(), Refused> {
        match imports {
            Imports::Single(_, import) => {
                all.name(import.module)?;
                all.name(import.name)?;
                self.import(import.ty, all)
            }
            Imports::Compact1 { module, items } => {
                all.name(module)?;
                for item in items {
                    let item = item?;
                    all.name(item.name)?;
                    self.import(item.ty, all)?;
                }
                Ok(())
            }
            Imports::Compact2 { module, ty, names } => {
                all.name(module)?;
                for name in names {
                    all.name(name?)?;
                    self.import(ty, all)?;
                }
                Ok(())
            }
        }
    }

    fn import(&mut self, ty: TypeRef, all: &mut Totals) -> Result<(), Refused> {
        all.links(1)?;
        match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => all.functions(1),
            TypeRef::Table(_) => all.tables(1),
            TypeRef::Memory(_) => self.memories(1, all),
            TypeRef::Global(_) => all.globals(1),
            TypeRef::Tag(_) => Ok(()),
        }
    }
}

impl Totals {
    fn functions(&mut self, count: usize) -> Result<(), Refused> {
        self.functions += count;
        within(self.functions, FUNCTIONS_MAX, own("functions", LESS_CODE))
    }

    fn tables(&mut self, count: usize) -> Result<(), Refused> {
        self.tables += count;
        within(self.tables, TABLES_MAX, own("tables", "build it as one module"))
    }

    fn globals(&mut self, count: usize) -> Result<(), Refused> {
        self.globals += count;
        within(self.globals, GLOBALS_MAX, own("global variables", LESS_CODE))
    }

    fn segments(&mut self, count: usize) -> Result<(), Refused> {
        self.segments += count;
        within(self.segments, SEGMENTS_MAX, own("pieces of data and elements of tables", LESS_CODE))
    }

    fn links(&mut self, count: usize) -> Result<(), Refused> {
        self.links += count;
        within(self.links, LINKS_MAX, own("imports and exports of modules", LESS_CODE))
    }

    fn name(&mut self, name: &str) -> Result<(), Refused> {
        let limit =
            Limit { of: "the name of one of its imports or exports", what: "bytes", fix: "shorten it" };
        within(name.len(), NAME_BYTES_MAX, limit)?;
        self.link_names_bytes += name.len();
        let limit = own("bytes in the names of its modules' imports and exports", "shorten them");
        within(self.link_names_bytes, LINK_NAMES_BYTES_MAX, limit)
    }

    fn exports(&mut self, exports: ExportSectionReader<'_>) -> Result<(), Refused> {
        for export in exports {
            self.name(export?.name)?;
            self.links(1)?;
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Refused> {
        let bytes = body.range().len();
        self.code_bytes += bytes;
        within(self.code_bytes, CODE_BYTES_MAX, own("bytes of code", LESS_CODE))?;
        within(bytes, BODY_BYTES_MAX, one("bytes"))?;
        let mut locals = 0_usize;
        for group in body.get_locals_reader()? {
            let (count, _) = group?;
            locals = locals.saturating_add(count as usize);
        }
        within(locals, LOCALS_MAX, one("local variables"))?;
        let both = one("bytes times local variables");
        within(locals.saturating_mul(bytes), LOCALS_BY_BYTES_MAX, both)?;
        let mut depth = 0_usize;
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. }
                | Operator::Try { .. } => {
                    depth += 1;
                    within(depth, BLOCKS_MAX, one("blocks inside each other"))?;
                }
                Operator::End => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }
}
