//! Every course that a small world can take: one connection, two sources, a few moments.

use std::time::Duration;

use super::*;

/// Between two moments.
const TICK: Duration = Duration::from_millis(100);
/// Moments in which a rate counts.
const WINDOW: u32 = 2;
/// Things that happen, one after the other.
const DEPTH: u32 = 5;

/// What may happen.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// Time passes.
    Tick,
    /// A delivery of this source is due after so many moments.
    Owed(&'static str, u32),
    /// What began first ends.
    Ends,
    /// The peer of what began first has answered, which frees its place before it ends.
    Arrives,
    /// What began first is due again, before it is known to have ended.
    Again,
    Works,
    WithoutPlugin,
    BacksOff,
    Paused,
    Tested,
    Stops,
}

const HAPPENINGS: [Happening; 13] = [
    Happening::Tick,
    Happening::Owed("a", 0),
    Happening::Owed("b", 0),
    Happening::Owed("a", 2),
    Happening::Ends,
    Happening::Arrives,
    Happening::Again,
    Happening::Works,
    Happening::WithoutPlugin,
    Happening::BacksOff,
    Happening::Paused,
    Happening::Tested,
    Happening::Stops,
];

/// An attempt that is under way, or a question.
#[derive(Clone, Copy)]
struct UnderWay {
    delivery: Option<DeliveryId>,
    has_place: bool,
    /// What came of it is recorded.
    is_recorded: bool,
}

/// A delivery that waits: its source, since when, and its id if there was an attempt.
type Owed = (&'static str, u32, Option<DeliveryId>);

/// What the planner is told of, and what it brought about.
struct World {
    planner: Planner,
    start: Instant,
    now: u32,
    lane: Lane,
    /// The earliest first.
    owed: Vec<Owed>,
    under_way: Vec<UnderWay>,
    /// When each attempt began.
    began: Vec<u32>,
    wake: Option<Instant>,
    is_stopping: bool,
}

fn id(number: usize) -> DeliveryId {
    DeliveryId::from_bytes((number as u128).to_be_bytes())
}

fn lane(concurrency: usize, rate: Option<Rate>, standing: Standing) -> Lane {
    Lane { connection: "out".into(), concurrency, rate, standing }
}

impl World {
    fn new(start: Instant, concurrency: usize, rate: Option<u32>) -> Self {
        let per_ms = u32::try_from(TICK.as_millis()).expect("it is short") * WINDOW;
        let rate = rate.map(|requests| Rate { requests, per_ms });
        Self {
            planner: Planner::default(),
            start,
            now: 0,
            lane: lane(concurrency, rate, Standing::Works),
            owed: Vec::new(),
            under_way: Vec::new(),
            began: Vec::new(),
            wake: None,
            is_stopping: false,
        }
    }

    fn at(&self, moment: u32) -> Instant {
        self.start + TICK * moment
    }

    /// Lets it happen. The dispatcher hears of it as it would of the real thing: of a time, only if it asked for that.
    fn happens(&mut self, happening: Happening) {
        let mut is_heard = true;
        match happening {
            Happening::Tick => {
                self.now += 1;
                is_heard = self.wake.is_some_and(|wake| wake <= self.at(self.now));
            }
            Happening::Owed(source, later) => self.owe((source, self.now + later, None)),
            Happening::Ends if self.under_way.is_empty() => is_heard = false,
            Happening::Ends => {
                let ended = self.under_way.remove(0);
                if let Some(delivery) = ended.delivery {
                    self.planner.ended(delivery);
                }
                if ended.has_place {
                    self.planner.frees("out");
                }
            }
            Happening::Arrives => match self.under_way.first_mut() {
                Some(first) if first.has_place => {
                    first.has_place = false;
                    self.planner.frees("out");
                }
                _ => is_heard = false,
            },
            Happening::Again => match self.under_way.first_mut() {
                Some(first) if first.delivery.is_some() && !first.is_recorded => {
                    first.is_recorded = true;
                    let again = ("a", self.now, first.delivery);
                    self.owe(again);
                }
                _ => is_heard = false,
            },
            Happening::Works => self.lane.standing = Standing::Works,
            Happening::WithoutPlugin => self.lane.standing = Standing::WithoutPlugin,
            Happening::BacksOff => self.lane.standing = Standing::BacksOff(self.at(self.now + 2)),
            Happening::Paused => self.lane.standing = Standing::Paused(self.at(self.now + 1)),
            Happening::Tested => self.lane.standing = Standing::Tested,
            Happening::Stops => {
                self.planner.stop();
                self.is_stopping = true;
            }
        }
        if is_heard {
            let steps = self.round();
            assert!(steps > 0 || !matches!(happening, Happening::Tick), "it looks again for nothing");
            assert!(self.wake.is_none_or(|wake| wake > self.at(self.now)), "it looks again at once");
        }
    }

    fn owe(&mut self, owed: Owed) {
        self.owed.push(owed);
        self.owed.sort_by_key(|(_, at, _)| *at);
    }

    /// Carries out what the planner says, as the dispatcher does. Returns how many steps that were.
    fn round(&mut self) -> usize {
        let now = self.at(self.now);
        let mut plan = self.planner.plan(now, std::slice::from_ref(&self.lane));
        let steps = std::mem::take(&mut plan.steps);
        let count = steps.len();
        for step in steps {
            assert!(!self.is_stopping, "it is stopping");
            match step {
                Step::Ask { connection } => {
                    let Standing::Paused(at) = self.lane.standing else { unreachable!("{:?}", self.lane) };
                    assert!(at <= now, "it is asked at its time");
                    self.planner.asks(&connection);
                    self.under_way.push(UnderWay { delivery: None, has_place: true, is_recorded: false });
                    self.lane.standing = Standing::Paused(self.at(self.now + 2));
                }
                Step::Deliver { connection, at_most, more_at } => {
                    assert!(self.is_used(), "{:?}", self.lane);
                    assert!(at_most > 0, "nothing to be read");
                    let begun = self.begin(&connection, at_most, &mut plan);
                    plan.wake_by(more_at.filter(|_| begun == at_most));
                }
                Step::Test { connection } => {
                    assert_eq!(self.lane.standing, Standing::Tested);
                    assert_eq!(self.places_taken(), 0, "it is tested alone");
                    if self.begin(&connection, 1, &mut plan) > 0 {
                        self.lane.standing = Standing::Paused(self.at(self.now + 2));
                    }
                }
            }
        }
        self.wake = plan.wake;
        count
    }

    /// Begins what is due, at most so many. Returns how many.
    fn begin(&mut self, connection: &ConnectionName, at_most: usize, plan: &mut Plan) -> usize {
        let is_due = |(_, at, _): &&Owed| *at <= self.now;
        let due: Vec<Owed> = self.owed.iter().filter(is_due).take(at_most).copied().collect();
        let later = self.owed.iter().find(|(_, at, _)| *at > self.now).map(|(_, at, _)| self.at(*at));
        plan.wake_by(later.filter(|_| due.len() < at_most));
        self.owed.drain(..due.len());
        for (source, _, delivery) in &due {
            let (delivery, source) = (delivery.unwrap_or(id(self.began.len())), SourceName::from(*source));
            self.planner.begins(self.at(self.now), connection, &source, delivery);
            assert_eq!(self.planner.served_last("out"), Some(&source));
            self.under_way.push(UnderWay { delivery: Some(delivery), has_place: true, is_recorded: false });
            self.began.push(self.now);
        }
        due.len()
    }

    fn places_taken(&self) -> usize {
        self.under_way.iter().filter(|one| one.has_place).count()
    }

    /// Whether attempts may begin over the connection.
    fn is_used(&self) -> bool {
        match self.lane.standing {
            Standing::Works => true,
            Standing::BacksOff(until) => until <= self.at(self.now),
            Standing::WithoutPlugin | Standing::Tested | Standing::Paused(_) => false,
        }
    }

    /// Attempts that the rate counts now.
    fn counted(&self) -> usize {
        self.began.iter().filter(|began| **began + WINDOW > self.now).count()
    }

    /// What is always the case.
    fn check(&self) {
        let limit = self.lane.rate.map_or(usize::MAX, |rate| rate.requests as usize);
        let taken = self.places_taken();
        assert!(taken <= self.lane.concurrency, "more are under way than it has places");
        assert!(self.counted() <= limit, "more began than its rate allows");
        if !self.is_stopping {
            let is_due = self.owed.first().is_some_and(|(_, at, _)| *at <= self.now);
            let may_begin = self.is_used() && taken < self.lane.concurrency;
            let may_be_tested = self.lane.standing == Standing::Tested && taken == 0;
            let waits = is_due && self.counted() < limit && (may_begin || may_be_tested);
            assert!(!waits, "something waits in vain");
            let is_to_be_asked =
                matches!(self.lane.standing, Standing::Paused(at) if at <= self.at(self.now));
            assert!(!is_to_be_asked || taken > 0, "nobody asks");
        }
        let sending = self.under_way.iter().filter(|one| !one.is_recorded).filter_map(|one| one.delivery);
        let sending: Vec<DeliveryId> = sending.chain([id(1000)]).collect();
        assert_eq!(self.planner.stranded(sending), [id(1000)], "only what nobody makes is released");
    }
}

#[test]
fn whatever_happens_nothing_begins_that_may_not_and_nothing_waits_that_may_begin() {
    let start = Instant::now();
    let courses = (HAPPENINGS.len() as u64).pow(DEPTH);
    for (concurrency, rate) in [(1, None), (2, None), (2, Some(1)), (3, Some(2))] {
        for course in 0..courses {
            let happenings: Vec<Happening> = (0..DEPTH)
                .map(|place| {
                    HAPPENINGS[(course / (HAPPENINGS.len() as u64).pow(place)) as usize % HAPPENINGS.len()]
                })
                .collect();
            // And then as much time as anything waits for.
            let course = happenings.iter().chain(&[Happening::Tick; 3]);
            let mut world = World::new(start, concurrency, rate);
            let went = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                for happening in course {
                    world.happens(*happening);
                    world.check();
                }
            }));
            assert!(went.is_ok(), "places {concurrency}, rate {rate:?}: {happenings:?}");
        }
    }
}

#[test]
fn connections_do_not_concern_each_other() {
    let now = Instant::now();
    let standings = [
        Standing::Works,
        Standing::WithoutPlugin,
        Standing::BacksOff(now + TICK),
        Standing::Tested,
        Standing::Paused(now),
        Standing::Paused(now + TICK),
    ];
    let lanes = |one: Standing, other: Standing| {
        [
            Lane { connection: "one".into(), ..lane(2, None, one) },
            Lane { connection: "other".into(), ..lane(1, None, other) },
        ]
    };
    for one in standings {
        for other in standings {
            let mut planner = Planner::default();
            planner.begins(now, &"one".into(), &"a".into(), id(1));
            let lanes = lanes(one, other);
            let alone = lanes.each_ref().map(|lane| planner.plan(now, std::slice::from_ref(lane)));
            let both = planner.plan(now, &lanes);
            assert_eq!(both.steps, alone.iter().flat_map(|plan| plan.steps.clone()).collect::<Vec<_>>());
            assert_eq!(both.wake, alone.iter().filter_map(|plan| plan.wake).min());
        }
    }
}
