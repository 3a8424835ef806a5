//! Makes hostile WebAssembly, byte by byte: sections are cut out of a plugin that works and put back changed.
//!
//! Knows only what the tests need of the binary format.

/// What a component begins with.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// What a core module begins with.
const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";
/// A core module inside a component.
const MODULE_SECTION: u8 = 1;
/// A component inside a component.
const COMPONENT_SECTION: u8 = 4;

/// A body without local variables that loops for ever, for a function of any type.
pub(super) const LOOP: &[u8] = &[0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x00, 0x0b];
/// A body that gives up.
pub(super) const TRAP: &[u8] = &[0, 0x00, 0x0b];
/// A body that asks for memory until there is none, and then gives up.
pub(super) const GROW: &[u8] =
    &[0, 0x03, 0x40, 0x41, 0x80, 0x08, 0x40, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b, 0x00, 0x0b];

/// An unsigned number.
pub(super) fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn read_number(bytes: &[u8]) -> (usize, usize) {
    let (mut value, mut shift) = (0, 0);
    for (index, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value, index + 1);
        }
    }
    unreachable!("a number ends")
}

/// Bytes with their length before them.
pub(super) fn sized(bytes: &[u8]) -> Vec<u8> {
    [number(bytes.len()), bytes.to_vec()].concat()
}

/// A list of items that are encoded already.
pub(super) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [number(items.len()), items.concat()].concat()
}

/// A section.
pub(super) fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], sized(content)].concat()
}

/// A section that nobody has to read.
pub(super) fn custom(name: &str, content: &[u8]) -> Vec<u8> {
    section(0, &[sized(name.as_bytes()), content.to_vec()].concat())
}

/// A component of these sections.
pub(super) fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [COMPONENT.to_vec(), sections.concat()].concat()
}

/// A component that holds one core module of these sections.
pub(super) fn of_module(sections: &[Vec<u8>]) -> Vec<u8> {
    component(&[section(MODULE_SECTION, &[MODULE.to_vec(), sections.concat()].concat())])
}

/// A component that instantiates another `wide` times, which instantiates another as often, `deep` times; the
/// innermost makes one instance of an empty module.
pub(super) fn nest(wide: usize, deep: usize) -> Vec<u8> {
    let innermost = component(&[section(MODULE_SECTION, &MODULE), section(2, &list(&[vec![0, 0, 0]]))]);
    let mut sections = vec![section(COMPONENT_SECTION, &innermost)];
    for level in 0..deep {
        // What the outer component numbers `level`.
        let alias = section(6, &list(&[[vec![4, 2, 1], number(level)].concat()]));
        let instances = section(5, &list(&vec![vec![0, 0, 0]; wide]));
        sections.push(section(COMPONENT_SECTION, &component(&[alias, instances])));
    }
    sections.push(section(5, &list(&[[vec![0], number(deep), vec![0]].concat()])));
    component(&sections)
}

/// The type of an instance that has such a type in it, `deep` times.
pub(super) fn nested_types(deep: usize) -> Vec<u8> {
    let ty = [[0x42, 1, 1].repeat(deep), vec![0x42, 0]].concat();
    component(&[section(7, &[vec![1], ty].concat())])
}

/// A component that imports an interface of this name, made by this tool.
pub(super) fn importing(interface: &str, tool: &str) -> Vec<u8> {
    let by = [sized(tool.as_bytes()), sized(b"1.0")].concat();
    let producers = list(&[[sized(b"processed-by"), list(&[by])].concat()]);
    let ty = section(7, &[1, 0x42, 0]);
    let import = section(10, &list(&[[vec![0], sized(interface.as_bytes()), vec![5, 0]].concat()]));
    component(&[custom("producers", &producers), ty, import])
}

/// Sections as `(id, content)`.
fn sections(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut sections, mut at) = (Vec::new(), COMPONENT.len());
    while at < bytes.len() {
        let (length, digits) = read_number(&bytes[at + 1..]);
        let begin = at + 1 + digits;
        sections.push((bytes[at], bytes[begin..begin + length].to_vec()));
        at = begin + length;
    }
    sections
}

/// The largest core module of a plugin, to be changed.
pub(super) struct Forged {
    outer: Vec<(u8, Vec<u8>)>,
    place: usize,
    inner: Vec<(u8, Vec<u8>)>,
}

impl Forged {
    /// Takes a plugin apart.
    pub(super) fn new(plugin: &[u8]) -> Self {
        let outer = sections(plugin);
        let modules = outer.iter().enumerate().filter(|(_, (id, _))| *id == MODULE_SECTION);
        let (place, _) = modules.max_by_key(|(_, (_, content))| content.len()).expect("it has a module");
        let inner = sections(&outer[place].1);
        Self { outer, place, inner }
    }

    /// Puts it together again.
    pub(super) fn file(mut self) -> Vec<u8> {
        let inner: Vec<Vec<u8>> = self.inner.iter().map(|(id, content)| section(*id, content)).collect();
        self.outer[self.place].1 = [MODULE.to_vec(), inner.concat()].concat();
        let outer: Vec<Vec<u8>> = self.outer.iter().map(|(id, content)| section(*id, content)).collect();
        component(&outer)
    }

    /// The content of a section, which is made where it belongs when there is none.
    fn section(&mut self, id: u8) -> &mut Vec<u8> {
        let order = |id: u8| match id {
            // Tags stand before globals, the count of data before the code.
            13 => 55,
            12 => 95,
            id => usize::from(id) * 10,
        };
        let place = self.inner.iter().position(|(found, _)| *found == id).unwrap_or_else(|| {
            let later = |found: &u8| *found != 0 && order(*found) > order(id);
            let place = self.inner.iter().position(|(found, _)| later(found)).unwrap_or(self.inner.len());
            self.inner.insert(place, (id, number(0)));
            place
        });
        &mut self.inner[place].1
    }

    /// Adds items to a section's list, and returns how many were there.
    fn add(&mut self, id: u8, count: usize, items: &[u8]) -> usize {
        let content = self.section(id);
        let (before, digits) = read_number(content);
        let rest = content.split_off(digits);
        *content = [number(before + count), rest, items.to_vec()].concat();
        before
    }

    /// How many functions are imported: the numbers of the module's own come after them.
    fn imported(&mut self) -> usize {
        let content = self.section(2).clone();
        let (count, mut at) = read_number(&content);
        for _ in 0..count {
            for _ in 0..2 {
                let (length, digits) = read_number(&content[at..]);
                at += digits + length;
            }
            assert_eq!(content[at], 0, "bundled plugins import functions alone");
            at += 1 + read_number(&content[at + 1..]).1;
        }
        count
    }

    /// Adds `count` functions without parameters with this body, and returns the number of the first.
    pub(super) fn functions(&mut self, body: &[u8], count: usize) -> usize {
        let ty = self.add(1, 1, &[0x60, 0, 0]);
        let first = self.add(3, count, &number(ty).repeat(count));
        self.add(10, count, &sized(body).repeat(count));
        self.imported() + first
    }

    /// Has a function with this body run when the module is instantiated.
    pub(super) fn start(mut self, body: &[u8]) -> Self {
        let function = self.functions(body, 1);
        *self.section(8) = number(function);
        self
    }

    /// Adds `count` functions; see [`Forged::functions`].
    pub(super) fn with_functions(mut self, body: &[u8], count: usize) -> Self {
        self.functions(body, count);
        self
    }

    /// Gives the exported function this body.
    pub(super) fn replace(mut self, export: &str, body: &[u8]) -> Self {
        let exports = self.section(7).clone();
        let wanted = [sized(export.as_bytes()), vec![0]].concat();
        let at = exports.windows(wanted.len()).position(|window| window == wanted).expect("it is exported");
        let function = read_number(&exports[at + wanted.len()..]).0 - self.imported();
        let content = self.section(10).clone();
        let (count, mut at) = read_number(&content);
        let mut code = number(count);
        for index in 0..count {
            let (length, digits) = read_number(&content[at..]);
            let end = at + digits + length;
            code.extend(if index == function { sized(body) } else { content[at..end].to_vec() });
            at = end;
        }
        *self.section(10) = code;
        self
    }

    /// Adds a table with so many elements.
    pub(super) fn table(mut self, elements: usize) -> Self {
        self.add(4, 1, &[vec![0x70, 0], number(elements)].concat());
        self
    }

    /// Adds global variables.
    pub(super) fn globals(mut self, count: usize) -> Self {
        self.add(6, count, &[0x7f, 0, 0x41, 0, 0x0b].repeat(count));
        self
    }

    /// Exports function 0 under another name.
    pub(super) fn export(mut self, name: &str) -> Self {
        self.add(7, 1, &[sized(name.as_bytes()), vec![0, 0]].concat());
        self
    }

    /// Has its memory begin with so many pages of 64 KiB.
    pub(super) fn memory(mut self, pages: usize) -> Self {
        *self.section(5) = [vec![1, 0], number(pages)].concat();
        self
    }
}

/// A body of many loops over many local variables: each step is short, and the compiler has to follow all of them.
pub(super) fn heavy(loops: usize) -> Vec<u8> {
    const LOCALS: usize = 200;
    let get = |local: usize| [vec![0x20], number(local)].concat();
    let set = |local: usize| [vec![0x21], number(local)].concat();
    // Two hundred 64-bit variables.
    let mut body = [vec![1], number(LOCALS), vec![0x7e]].concat();
    for index in 0..loops {
        let (a, b, c) = (index * 7 % LOCALS, index * 13 % LOCALS, index * 29 % LOCALS);
        body.extend([0x02, 0x40, 0x03, 0x40]);
        body.extend([get(a), vec![0x50, 0x0d, 1]].concat());
        body.extend([get(a), get(c), vec![0x7c], set(b)].concat());
        body.extend([get(b), get(a), vec![0x7e], set(c)].concat());
        body.extend([get(c), get(a), vec![0x54, 0x0d, 0, 0x0b, 0x0b]].concat());
    }
    body.push(0x0b);
    body
}
