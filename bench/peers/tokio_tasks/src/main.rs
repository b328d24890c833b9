// SPDX-License-Identifier: Apache-2.0
//! The rows of bench/task_bench.cpp with tokio on its current_thread runtime: prints nanoseconds per element, as JSON; with
//! `--memory`, the resident bytes of a sleeping task. Called by run_tasks.py.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::Sleep;

const MANY: usize = 1_000_000;

async fn one() -> i32 {
    black_box(1)
}

#[inline(never)]
fn one_boxed() -> Pin<Box<dyn Future<Output = i32> + Send>> {
    Box::pin(one())
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}
const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;

/// The process's CPU time: a busy machine shows less in it than in the time of day.
fn cpu_time() -> Duration {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    assert!(unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) } == 0);
    Duration::new(time.seconds as u64, time.nanoseconds as u32)
}

fn per(start: Duration, elements: usize) -> f64 {
    (cpu_time() - start).as_nanos() as f64 / elements as f64
}

async fn await_inline(n: usize) -> f64 {
    let start = cpu_time();
    for _ in 0..n {
        black_box(one().await);
    }
    per(start, n)
}

async fn await_boxed(n: usize) -> f64 {
    let start = cpu_time();
    for _ in 0..n {
        black_box(one_boxed().await);
    }
    per(start, n)
}

async fn yield_among(tasks: usize, n: usize) -> f64 {
    let turns = n / tasks;
    let others: Vec<_> = (1..tasks)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let start = cpu_time();
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    let result = per(start, turns * tasks);
    for other in others {
        other.await.unwrap();
    }
    result
}

async fn spawn_and_await(n: usize) -> f64 {
    let start = cpu_time();
    for _ in 0..n {
        black_box(tokio::spawn(one()).await.unwrap());
    }
    per(start, n)
}

async fn spawn_and_join(n: usize) -> f64 {
    let start = cpu_time();
    let mut handles = Vec::with_capacity(n);
    for _ in 0..n {
        handles.push(tokio::spawn(async {}));
    }
    for handle in handles {
        handle.await.unwrap();
    }
    per(start, n)
}

/// A round trip is two ways.
async fn hand_over(n: usize) -> f64 {
    let (there, mut from_there) = mpsc::channel::<usize>(1);
    let (back, mut from_back) = mpsc::channel::<usize>(1);
    let echo = tokio::spawn(async move {
        while let Some(value) = from_there.recv().await {
            if back.send(value).await.is_err() {
                break;
            }
        }
    });
    let start = cpu_time();
    for i in 0..n {
        there.send(i).await.unwrap();
        black_box(from_back.recv().await);
    }
    let result = per(start, 2 * n);
    drop(there);
    echo.await.unwrap();
    result
}

/// The generator of bench/task_bench.cpp: the same deadlines for everyone.
struct Random(u64);
impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }
}

/// A timer is a boxed Sleep, registered by its first poll.
fn schedule(deadline: Instant) -> Pin<Box<Sleep>> {
    let mut timer = Box::pin(tokio::time::sleep_until(deadline.into()));
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(timer.as_mut().poll(&mut context), Poll::Pending));
    timer
}

async fn timers() -> (f64, f64, f64, f64) {
    let mut random = Random(1);
    let far = Instant::now() + Duration::from_secs(10);
    let mut live = Vec::with_capacity(MANY);
    let start = cpu_time();
    for _ in 0..MANY {
        live.push(schedule(far + Duration::from_nanos(random.below(60_000_000_000))));
    }
    let scheduled = per(start, MANY);
    let start = cpu_time();
    for timer in live.drain(..) {
        drop(timer);
    }
    let cancelled = per(start, MANY);

    let soon = Instant::now() + Duration::from_secs(1);
    for _ in 0..MANY {
        live.push(schedule(soon + Duration::from_nanos(random.below(1_000_000_000))));
    }
    std::thread::sleep((soon + Duration::from_millis(1_010)).saturating_duration_since(Instant::now()));
    let start = cpu_time();
    for _ in 0..3 {
        tokio::task::yield_now().await; // the driver runs between
    }
    let fired = per(start, MANY);
    assert!(live.iter().all(|timer| timer.is_elapsed()));
    drop(live);

    const LIVE: usize = 100_000;
    let far = Instant::now() + Duration::from_secs(10);
    let mut live: Vec<_> =
        (0..LIVE).map(|_| schedule(far + Duration::from_nanos(random.below(60_000_000_000)))).collect();
    let start = cpu_time();
    for i in 0..MANY {
        let timer = &mut live[i % LIVE];
        timer.as_mut().reset((far + Duration::from_nanos(random.below(60_000_000_000))).into());
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(timer.as_mut().poll(&mut context), Poll::Pending));
    }
    (scheduled, cancelled, fired, per(start, MANY))
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

async fn memory() -> f64 {
    let mut handles = Vec::with_capacity(MANY);
    handles.resize_with(MANY, || None);
    let before = resident();
    for handle in handles.iter_mut() {
        *handle = Some(tokio::spawn(tokio::time::sleep(Duration::from_secs(3600))));
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let result = (resident() - before) as f64 / MANY as f64;
    std::mem::forget(handles);
    result
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // As a task of its own: what block_on() itself runs does not stand in the ready queue.
    let local =
        |future: Pin<Box<dyn Future<Output = f64> + Send>>| runtime.block_on(async { tokio::spawn(future).await.unwrap() });
    if std::env::args().any(|argument| argument == "--memory") {
        println!("{}", local(Box::pin(memory())));
        std::process::exit(0);
    }
    // First, while the process has no memory to use again.
    let first = local(Box::pin(spawn_and_join(MANY)));
    let again = local(Box::pin(spawn_and_join(MANY)));
    let mut rows = vec![
        ("spawn 1 000 000 then join", first),
        ("spawn 1 000 000 then join, again", again),
        ("await a trivial task", local(Box::pin(await_inline(20_000_000)))),
        ("await a trivial task, noinline", local(Box::pin(await_boxed(10_000_000)))),
        ("yield, 1 000 tasks", local(Box::pin(yield_among(1_000, 3_000_000)))),
        ("spawn and await", local(Box::pin(spawn_and_await(1_000_000)))),
        ("queue, one way", local(Box::pin(hand_over(1_000_000)))),
    ];
    let (scheduled, cancelled, fired, rearmed) = runtime.block_on(timers());
    rows.extend([
        ("timer, schedule", scheduled),
        ("timer, cancel", cancelled),
        ("timer, fire", fired),
        ("timer, re-arm", rearmed),
    ]);
    let rows: Vec<_> = rows.iter().map(|(row, ns)| format!("\"{row}\": {ns}")).collect();
    println!("{{{}}}", rows.join(", "));
    std::process::exit(0);
}
