//! The guest's memory: an instance lives for one call, so small blocks are handed out one behind the other
//! and never taken back.
//!
//! Bounded by [`ARENA_BYTES`]: what is larger than [`SMALL_BYTES`], or comes when the arena is used up, is
//! the ordinary allocator's, which takes blocks back. Measured on a webhook of 3.5 KB: a fifth of the call.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};

/// Bytes that are handed out without ever being taken back: more than a usual call needs.
const ARENA_BYTES: usize = 192 * 1024;
/// Blocks beyond this many bytes are worth taking back.
const SMALL_BYTES: usize = 32 * 1024;

/// The allocator of every plugin.
#[global_allocator]
static MEMORY: Arena = Arena { bytes: UnsafeCell::new([0; ARENA_BYTES]), used: Cell::new(0) };

/// Memory that is handed out from front to back.
#[repr(C, align(16))]
struct Arena {
    bytes: UnsafeCell<[u8; ARENA_BYTES]>,
    used: Cell<usize>,
}

// SAFETY: a component of this API has one thread.
unsafe impl Sync for Arena {}

impl Arena {
    fn start(&self) -> *mut u8 {
        self.bytes.get().cast()
    }

    /// Where in the arena `block` begins, if it does.
    fn offset(&self, block: *mut u8) -> Option<usize> {
        (block as usize).checked_sub(self.start() as usize).filter(|offset| *offset < ARENA_BYTES)
    }

    /// The next block of this layout, if there is room.
    fn take(&self, layout: Layout) -> Option<*mut u8> {
        // The arena itself is aligned to 16; nothing that is small wants more.
        if layout.size() > SMALL_BYTES || layout.align() > 16 {
            return None;
        }
        let from = self.used.get().next_multiple_of(layout.align());
        let to = from + layout.size();
        if to > ARENA_BYTES {
            return None;
        }
        self.used.set(to);
        // SAFETY: `from` is within the arena.
        Some(unsafe { self.start().add(from) })
    }
}

// SAFETY: blocks of the arena never overlap and never move; all others are the system allocator's.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.take(layout) {
            Some(block) => block,
            // SAFETY: as the caller promised.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.offset(block).is_none() {
            // SAFETY: it is not of the arena, so it is the system allocator's.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(offset) = self.offset(block) else {
            // SAFETY: it is not of the arena, so it is the system allocator's.
            return unsafe { System.realloc(block, layout, size) };
        };
        // The block that was handed out last can grow and shrink where it is.
        if offset + layout.size() == self.used.get() && size <= SMALL_BYTES && offset + size <= ARENA_BYTES {
            self.used.set(offset + size);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the alignment was valid, and the caller promised that the size is.
        let grown = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !grown.is_null() {
            // SAFETY: both have `layout.size()` bytes, and a new block overlaps no other.
            unsafe { grown.copy_from_nonoverlapping(block, layout.size()) };
        }
        grown
    }
}
