//! The time of one call: what it computed and what it waited for, but not what it waited for a processor.
//!
//! A call that computes for longer than most do goes on in a slow lane, where calls take turns by key at every tick.
//! The threads of the first slow lane compute only while a processor has nothing else to do. So however many calls
//! loop, the threads that answer requests do not wait for them. A call that gets next to nothing there, because the
//! machine is busy, goes on in the second, whose one thread takes its share. Never stops a guest by itself: the epoch
//! and [`crate::call`] do.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;
use tokio::time::Sleep;

use crate::background;
use crate::limits::{QUICK, STARVED, STARVED_TIMES, WALL_TIMES};
use crate::turns::{Turn, Turns};

/// Who calls share places with: a source, or a plugin that sends.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) key: Arc<str>,
    /// Whether its last call was slow: then the next begins in the slow lane.
    is_slow: AtomicBool,
    /// Its calls in the quick lane, as many as there are processors: a burst of calls that loop holds up the others for
    /// no longer than one.
    quick: Semaphore,
}

impl Share {
    pub(crate) fn new(key: &str) -> Arc<Self> {
        let quick = Semaphore::new(processors());
        Arc::new(Self { key: Arc::from(key), is_slow: AtomicBool::new(false), quick })
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The threads of slow calls: first those that have nothing but spare time, then one that takes its share.
pub(crate) struct SlowLanes {
    lanes: [SlowLane; 2],
}

impl SlowLanes {
    /// One thread less than the machine has processors, at least one, which gives way to everything else; and one
    /// for calls that got no time there.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub(crate) fn new() -> std::io::Result<Self> {
        let spare = processors().saturating_sub(1).max(1);
        Ok(Self { lanes: [SlowLane::new(spare, background::idle)?, SlowLane::new(1, background::lower)?] })
    }

    /// In the order in which a call goes through them.
    pub(crate) const fn all(&self) -> &[SlowLane] {
        &self.lanes
    }
}

/// Some threads of slow calls.
pub(crate) struct SlowLane {
    /// Taken out only when the lane is dropped.
    runtime: Option<Runtime>,
    turns: Arc<Turns>,
}

impl SlowLane {
    fn new(threads: usize, give_way: fn()) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("sandbox-slow")
            .on_thread_start(give_way)
            .enable_all()
            .build()?;
        Ok(Self { runtime: Some(runtime), turns: Turns::new(threads, usize::MAX) })
    }

    pub(crate) fn handle(&self) -> Option<&Handle> {
        self.runtime.as_ref().map(Runtime::handle)
    }

    /// Who computes there next.
    pub(crate) fn turns(&self) -> Arc<Turns> {
        Arc::clone(&self.turns)
    }
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What comes of polling a call for a while.
pub(crate) enum Polled<T> {
    /// It ended.
    Done(T),
    /// It waited for longer than its time.
    Late,
    /// It is to go on in the next lane.
    Slow,
}

/// The time of one call.
#[derive(Debug)]
pub(crate) struct Meter {
    limit: Duration,
    began: Instant,
    share: Arc<Share>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What it computed and waited for, up to the last time it was polled.
    used: Duration,
    /// What this thread had computed when it was polled, and when that was.
    polled_at: Option<(Duration, Instant)>,
    /// What it computed in the slow lane that it is in, and how long it had a thread for that.
    got: Duration,
    occupied: Duration,
    /// Since when it waits by its own will.
    idle_since: Option<Instant>,
    /// Whether it gave its thread up at a tick.
    yielded: bool,
    lane: Lane,
    /// Whether there is another slow lane after this one.
    may_leave: bool,
    /// Who computes next in its slow lane.
    turns: Option<Arc<Turns>>,
    /// Its turn in the slow lane, while it computes there.
    turn: Option<Turn>,
}

impl State {
    /// What was computed since it was polled, and how long that took.
    fn since_polled(&self) -> (Duration, Duration) {
        self.polled_at
            .map_or_else(Default::default, |(had, at)| (computed().saturating_sub(had), at.elapsed()))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Lane {
    #[default]
    Quick,
    /// It leaves its lane as soon as it has given up its thread.
    Leaving,
    Slow,
}

/// What a computing call is to do at a tick.
pub(crate) enum Tick {
    /// Its time is up.
    Stop,
    /// Go on when this is done.
    After(Pin<Box<dyn Future<Output = ()> + Send>>),
}

/// What this thread has computed since it began.
fn computed() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanoseconds)
}

impl Meter {
    pub(crate) fn new(limit: Duration, share: &Arc<Share>) -> Arc<Self> {
        Arc::new(Self { limit, began: Instant::now(), share: Arc::clone(share), state: Mutex::default() })
    }

    /// Asked at each tick, by the thread that polls the call.
    pub(crate) fn tick(self: &Arc<Self>) -> Tick {
        let mut state = self.lock();
        let (polled, took) = state.since_polled();
        let used = state.used + polled;
        if used >= self.limit || self.began.elapsed() >= self.limit.saturating_mul(WALL_TIMES) {
            return Tick::Stop;
        }
        state.yielded = true;
        if state.lane == Lane::Slow {
            state.turn = None;
            if state.may_leave
                && state.occupied + took > STARVED + (state.got + polled).saturating_mul(STARVED_TIMES)
            {
                state.lane = Lane::Leaving;
                return Tick::After(Box::pin(tokio::task::yield_now()));
            }
            drop(state);
            let meter = Arc::clone(self);
            return Tick::After(Box::pin(async move { meter.take_turn().await }));
        }
        if used >= QUICK {
            state.lane = Lane::Leaving;
            self.share.is_slow.store(true, Ordering::Relaxed);
        }
        // Not wasmtime's own yield, which puts the call back before everybody else.
        Tick::After(Box::pin(tokio::task::yield_now()))
    }

    async fn take_turn(&self) {
        let turns = self.lock().turns.clone();
        let turn = match turns {
            Some(turns) => Some(turns.take(&self.share.key, 0).await),
            None => None,
        };
        let mut state = self.lock();
        (state.turn, state.yielded) = (turn, false);
    }

    /// Polls `work` until it ends or leaves the quick lane. It leaves when it has computed for long, and when it waits.
    pub(crate) async fn poll_quick<T>(
        &self,
        work: &mut Pin<Box<dyn Future<Output = T> + Send>>,
    ) -> Polled<T> {
        let is_slow = || self.share.is_slow.load(Ordering::Relaxed);
        if is_slow() {
            return Polled::Slow;
        }
        let _place = self.share.quick.acquire().await;
        if is_slow() {
            return Polled::Slow;
        }
        poll_fn(|context| {
            self.resumed();
            let polled = work.as_mut().poll(context);
            let is_idle = self.paused(polled.is_pending()).is_some();
            match polled {
                Poll::Ready(value) => Poll::Ready(Polled::Done(value)),
                Poll::Pending if is_idle || self.lock().lane == Lane::Leaving => Poll::Ready(Polled::Slow),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Polls `work` in a slow lane until it ends, is late, or leaves for want of a processor, if there is another lane.
    pub(crate) async fn poll_slow<T>(
        &self,
        turns: Arc<Turns>,
        is_last: bool,
        work: &mut Pin<Box<dyn Future<Output = T> + Send>>,
    ) -> Polled<T> {
        {
            let mut state = self.lock();
            (state.lane, state.turns, state.may_leave) = (Lane::Slow, Some(turns), !is_last);
            (state.got, state.occupied) = Default::default();
        }
        let mut timer = None;
        let mut turn: Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = None;
        poll_fn(|context| {
            // One that gave its thread up at a tick waits for its turn by itself.
            let needs_turn = {
                let state = self.lock();
                state.turn.is_none() && !state.yielded
            };
            if needs_turn {
                let taking = turn.get_or_insert_with(|| Box::pin(self.take_turn()));
                ready!(taking.as_mut().poll(context));
                turn = None;
            }
            self.poll(work, context, &mut timer)
        })
        .await
    }

    fn poll<T>(
        &self,
        work: &mut Pin<Box<dyn Future<Output = T> + Send>>,
        context: &mut Context<'_>,
        timer: &mut Option<Pin<Box<Sleep>>>,
    ) -> Poll<Polled<T>> {
        self.resumed();
        let polled = work.as_mut().poll(context);
        let rest = self.paused(polled.is_pending());
        if let Poll::Ready(value) = polled {
            return Poll::Ready(Polled::Done(value));
        }
        let Some(rest) = rest else {
            let is_leaving = self.lock().lane == Lane::Leaving;
            return if is_leaving { Poll::Ready(Polled::Slow) } else { Poll::Pending };
        };
        if rest.is_zero() {
            return Poll::Ready(Polled::Late);
        }
        let until = tokio::time::Instant::now() + rest;
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.deadline() != until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(context).map(|()| Polled::Late)
    }

    fn resumed(&self) {
        let mut state = self.lock();
        if let Some(since) = state.idle_since.take() {
            state.used += since.elapsed();
        }
        if state.lane != Lane::Slow {
            state.yielded = false;
        }
        state.polled_at = Some((computed(), Instant::now()));
    }

    /// Counts what was computed. What is left of its time, if it waits by its own will.
    fn paused(&self, is_pending: bool) -> Option<Duration> {
        let mut state = self.lock();
        let (polled, took) = state.since_polled();
        state.polled_at = None;
        state.used += polled;
        state.got += polled;
        state.occupied += took;
        if is_pending && state.yielded {
            return None;
        }
        state.turn = None;
        if !is_pending {
            self.share.is_slow.store(state.used >= QUICK, Ordering::Relaxed);
            return None;
        }
        state.idle_since = Some(Instant::now());
        Some(self.limit.saturating_sub(state.used))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing of it is left half done by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
