//! What a component expands to: its nested components, counted as often as they are instantiated.
//!
//! A file of 800 bytes can instantiate a component ten times, which instantiates another ten times, and so on; the
//! compiler goes through every one of them. Nothing here is expanded: each component's cost is a sum of the costs of
//! what it instantiates, which stands before it in the file.

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentType, ComponentTypeDeclaration, ComponentTypeRef, CoreType, Instance, InstanceTypeDeclaration,
    Payload,
};

use super::Refused;
use super::limits::{
    COMPONENT_TYPES_MAX, INSTANCES_MAX, ITEMS_MAX, LINK_NAMES_BYTES_MAX, Limit, NAME_BYTES_MAX, NESTING_MAX,
    TYPE_NESTING_MAX, within,
};
use crate::limits::INSTANCES_MAX as CORE_INSTANCES_MAX;

/// A limit on the whole file.
pub(super) fn own(what: &'static str, fix: &'static str) -> Limit {
    Limit { of: "it", what, fix }
}

/// What to do about a file that expands.
const FLATTEN: &str = "build it as one component, without others nested in it";

/// What instantiating a component once makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    /// Instances of core modules.
    modules: u64,
    /// Instances of components.
    components: u64,
    /// Everything that is defined.
    items: u64,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.modules = self.modules.saturating_add(other.modules);
        self.components = self.components.saturating_add(other.components);
        self.items = self.items.saturating_add(other.items);
    }

    fn items(&mut self, count: usize) {
        self.items = self.items.saturating_add(count as u64);
    }
}

/// A component that is being read.
#[derive(Default)]
struct Frame {
    /// The components that it can name; of one that it is given, the cost is not known.
    known: Vec<Option<Cost>>,
    cost: Cost,
}

/// The components of a file.
#[derive(Default)]
pub(super) struct Graph {
    open: Vec<Frame>,
    whole: Option<Cost>,
    types: usize,
    names_bytes: usize,
    /// The names of what the outermost component imports.
    pub(super) imports: Vec<String>,
}

impl Graph {
    /// Begins a component.
    pub(super) fn enter(&mut self) -> Result<(), Refused> {
        self.open.push(Frame::default());
        within(self.open.len(), NESTING_MAX, own("components inside each other", FLATTEN))
    }

    /// Ends the component that was begun last.
    pub(super) fn leave(&mut self) {
        let Some(done) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(frame) => frame.known.push(Some(done.cost)),
            None => self.whole = Some(done.cost),
        }
    }

    /// Counts a module that was read.
    pub(super) fn module(&mut self) {
        if let Some(frame) = self.open.last_mut() {
            frame.cost.items(1);
        }
    }

    /// Counts all of it.
    pub(super) fn finish(&self) -> Result<(), Refused> {
        let Some(Cost { modules, components, items }) = self.whole else {
            return Err(Refused::Invalid("it ends within a component".to_owned()));
        };
        within(modules, u64::from(CORE_INSTANCES_MAX), own("instances of modules", FLATTEN))?;
        within(components, INSTANCES_MAX, own("instances of components", FLATTEN))?;
        within(items, ITEMS_MAX, own("definitions in all instances together", FLATTEN))
    }

    /// Counts a section of a component.
    pub(super) fn take(&mut self, payload: Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::ComponentTypeSection(types) => {
                for ty in types {
                    self.component_type(&ty?, 1)?;
                }
            }
            Payload::CoreTypeSection(types) => {
                for ty in types {
                    self.core_type(&ty?)?;
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.core_instance(&instance?)?;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    self.instance(&instance?)?;
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.alias(&alias?)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    let _: CanonicalFunction = function?;
                    self.frame()?.cost.items(1);
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let import = import?;
                    self.name(import.name.name)?;
                    if self.open.len() == 1 {
                        self.imports.push(import.name.name.to_owned());
                    }
                    let frame = self.frame()?;
                    frame.cost.items(1);
                    if matches!(import.ty, ComponentTypeRef::Component(_)) {
                        frame.known.push(None);
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    self.name(export.name.name)?;
                    let frame = self.frame()?;
                    frame.cost.items(1);
                    if export.kind == ComponentExternalKind::Component {
                        // An export is a name of its own for what it exports.
                        let known = frame.known.get(export.index as usize).copied().flatten();
                        frame.known.push(known);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn frame(&mut self) -> Result<&mut Frame, Refused> {
        self.open.last_mut().ok_or_else(|| Refused::Invalid("a section stands outside of it".to_owned()))
    }

    fn name(&mut self, name: &str) -> Result<(), Refused> {
        within(name.len(), NAME_BYTES_MAX, own("bytes in one name", "choose a shorter one"))?;
        self.names_bytes += name.len();
        let limit = own("bytes in the names of imports and exports", "choose shorter ones");
        within(self.names_bytes, LINK_NAMES_BYTES_MAX, limit)
    }

    fn core_instance(&mut self, instance: &Instance<'_>) -> Result<(), Refused> {
        let cost = &mut self.frame()?.cost;
        match instance {
            Instance::Instantiate { args, .. } => {
                cost.modules = cost.modules.saturating_add(1);
                cost.items(1 + args.len());
            }
            Instance::FromExports(exports) => cost.items(1 + exports.len()),
        }
        Ok(())
    }

    fn instance(&mut self, instance: &ComponentInstance<'_>) -> Result<(), Refused> {
        let frame = self.frame()?;
        match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                let cost = frame.known.get(*component_index as usize).copied().flatten().ok_or_else(|| {
                    let words = "it instantiates a component that it is given or takes out of an instance, \
                                 so what it expands to cannot be counted; nest that component in it instead";
                    Refused::TooMuch(words.to_owned())
                })?;
                frame.cost.add(cost);
                frame.cost.add(Cost { components: 1, items: 1 + args.len() as u64, modules: 0 });
            }
            ComponentInstance::FromExports(exports) => {
                frame.cost.add(Cost { components: 1, items: 1 + exports.len() as u64, modules: 0 });
                let components =
                    exports.iter().filter(|export| export.kind == ComponentExternalKind::Component);
                // Inside an instance they have no number of their own.
                frame.cost.items(components.count());
            }
        }
        Ok(())
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Refused> {
        let known = match alias {
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let outer = self.open.len().checked_sub(1 + *count as usize);
                let outer = outer.and_then(|outer| self.open.get(outer));
                Some(outer.and_then(|outer| outer.known.get(*index as usize).copied()).flatten())
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => Some(None),
            _ => None,
        };
        let frame = self.frame()?;
        frame.cost.items(1);
        frame.known.extend(known);
        Ok(())
    }

    fn count_type(&mut self) -> Result<(), Refused> {
        self.types += 1;
        within(self.types, COMPONENT_TYPES_MAX, own("types of components", "use fewer interfaces"))
    }

    fn core_type(&mut self, ty: &CoreType<'_>) -> Result<(), Refused> {
        let inside = match ty {
            CoreType::Rec(group) => group.types().len(),
            CoreType::Module(declarations) => declarations.len(),
        };
        self.types += inside;
        self.count_type()
    }

    fn component_type(&mut self, ty: &ComponentType<'_>, depth: usize) -> Result<(), Refused> {
        within(depth, TYPE_NESTING_MAX, own("types inside each other", "give the inner types names"))?;
        self.count_type()?;
        match ty {
            ComponentType::Component(declarations) => {
                for declaration in declarations {
                    match declaration {
                        ComponentTypeDeclaration::Type(ty) => self.component_type(ty, depth + 1)?,
                        ComponentTypeDeclaration::CoreType(ty) => self.core_type(ty)?,
                        _ => self.count_type()?,
                    }
                }
            }
            ComponentType::Instance(declarations) => {
                for declaration in declarations {
                    match declaration {
                        InstanceTypeDeclaration::Type(ty) => self.component_type(ty, depth + 1)?,
                        InstanceTypeDeclaration::CoreType(ty) => self.core_type(ty)?,
                        _ => self.count_type()?,
                    }
                }
            }
            ComponentType::Defined(_) | ComponentType::Func(_) | ComponentType::Resource { .. } => {}
        }
        Ok(())
    }
}
