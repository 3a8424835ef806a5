//! A queue that serves its keys (sources, plugins) in turn, however many items one of them has in it.
//!
//! Start-time fair queueing: each key has its own line and a count of what it was served; the key that was served
//! least is next. Never waits and never drops an item by itself.

use std::collections::{BTreeMap, VecDeque};

/// Items that wait, by key.
#[derive(Debug)]
pub struct FairQueue<T> {
    lines: BTreeMap<String, Line<T>>,
    /// What the key that was served last had been served before. A key that comes back starts from here, so that
    /// it has no credit for the time in which it asked for nothing.
    served: u64,
    length: usize,
}

#[derive(Debug)]
struct Line<T> {
    /// The sum of the costs of what was taken.
    spent: u64,
    items: VecDeque<(u64, T)>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { lines: BTreeMap::new(), served: 0, length: 0 }
    }
}

impl<T> FairQueue<T> {
    /// Puts `item` at the end of the line of `key`. A key with items of twice the `cost` gets half as many turns.
    pub fn push(&mut self, key: &str, cost: u64, item: T) {
        let served = self.served;
        let line = match self.lines.get_mut(key) {
            Some(line) => line,
            None => {
                self.lines.entry(key.to_owned()).or_insert(Line { spent: served, items: VecDeque::new() })
            }
        };
        if line.items.is_empty() {
            line.spent = line.spent.max(served);
        }
        line.items.push_back((cost.max(1), item));
        self.length += 1;
    }

    /// The key whose turn it is, among the keys whose first item `may` go.
    fn next(&self, mut may: impl FnMut(&str, &T) -> bool) -> Option<&str> {
        let mut next: Option<(&str, u64)> = None;
        for (key, line) in &self.lines {
            let Some((_, first)) = line.items.front() else { continue };
            if next.is_none_or(|(_, least)| line.spent < least) && may(key, first) {
                next = Some((key, line.spent));
            }
        }
        next.map(|(key, _)| key)
    }

    /// What [`FairQueue::pop_if`] would take out.
    pub fn peek_if(&self, may: impl FnMut(&str, &T) -> bool) -> Option<&T> {
        let line = self.lines.get(self.next(may)?)?;
        line.items.front().map(|(_, item)| item)
    }

    /// The next item: the first one of the key that was served least, among the keys whose first item `may` go.
    pub fn pop_if(&mut self, may: impl FnMut(&str, &T) -> bool) -> Option<T> {
        let key = self.next(may)?.to_owned();
        let line = self.lines.get_mut(&key)?;
        let (cost, item) = line.items.pop_front()?;
        self.served = line.spent;
        line.spent = line.spent.saturating_add(cost);
        self.length -= 1;
        if self.length == 0 {
            // Nobody waits, so nobody was served too much.
            self.lines.clear();
        }
        Some(item)
    }

    /// The next item.
    pub fn pop(&mut self) -> Option<T> {
        self.pop_if(|_, _| true)
    }

    /// Takes the items of `key` out that are not to be kept.
    pub fn retain(&mut self, key: &str, keep: impl Fn(&T) -> bool) {
        if let Some(line) = self.lines.get_mut(key) {
            let before = line.items.len();
            line.items.retain(|(_, item)| keep(item));
            self.length -= before - line.items.len();
        }
    }

    /// Items that wait.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(queue: &mut FairQueue<(&'static str, u32)>) -> Vec<(&'static str, u32)> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn a_flood_of_one_key_does_not_keep_another_waiting() {
        let mut queue = FairQueue::default();
        for number in 0..1000 {
            queue.push("flood", 1, ("flood", number));
        }
        queue.push("quiet", 1, ("quiet", 0));
        queue.push("quiet", 1, ("quiet", 1));
        let order = all(&mut queue);
        assert_eq!(order.len(), 1002);
        assert_eq!(&order[..4], [("flood", 0), ("quiet", 0), ("flood", 1), ("quiet", 1)]);
    }

    #[test]
    fn a_key_keeps_the_order_of_its_items() {
        let mut queue = FairQueue::default();
        for number in 0..50 {
            queue.push(if number % 3 == 0 { "a" } else { "b" }, 1, ("", number));
        }
        let order = all(&mut queue);
        for rest in [true, false] {
            let of_one: Vec<u32> =
                order.iter().map(|(_, number)| *number).filter(|number| (number % 3 == 0) == rest).collect();
            assert!(of_one.is_sorted(), "{of_one:?}");
        }
    }

    #[test]
    fn items_that_cost_more_get_fewer_turns() {
        let mut queue = FairQueue::default();
        for number in 0..10 {
            queue.push("large", 4, ("large", number));
            queue.push("small", 1, ("small", number));
        }
        let large = (0..10).filter_map(|_| queue.pop()).filter(|(key, _)| *key == "large").count();
        assert!(large <= 3, "{large}");
    }

    #[test]
    fn a_key_that_comes_back_has_no_credit() {
        let mut queue = FairQueue::default();
        queue.push("idle", 1, ("idle", 0));
        for number in 0..100 {
            queue.push("busy", 1, ("busy", number));
        }
        for _ in 0..50 {
            queue.pop();
        }
        for number in 0..10 {
            queue.push("idle", 1, ("idle", number));
        }
        let idle = (0..10).filter_map(|_| queue.pop()).filter(|(key, _)| *key == "idle").count();
        assert!((4..=6).contains(&idle), "{idle}");
    }

    #[test]
    fn a_key_that_may_not_go_keeps_no_other_waiting() {
        let mut queue = FairQueue::default();
        queue.push("a", 1, ("a", 0));
        queue.push("b", 1, ("b", 0));
        assert_eq!(queue.pop_if(|key, _| key != "a"), Some(("b", 0)));
        assert_eq!(queue.pop_if(|key, _| key != "a"), None);
        queue.retain("a", |_| false);
        assert!(queue.is_empty());
    }
}
