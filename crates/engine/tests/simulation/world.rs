//! What lies outside of a run: modules that answer, fail, may have happened;
//! people who stop it, time that runs out, a store that is full. Every answer
//! is decided by the seed and the operation, so that a run which was cut and
//! replayed meets the same world.

use crate::random::Random;

#[derive(Debug, Clone, Copy)]
pub struct World {
    pub seed: u64,
    /// Whether anybody interferes: stops the run, or lets its time run out.
    pub interferes: bool,
}

/// One bundle: a number and a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub number: i64,
    pub list: Vec<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Bundles(Vec<Output>),
    Fail,
    Retry,
    /// It may have happened, so it is stored for a person to decide.
    Doubt,
}

/// What happens before an operation is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interference {
    None,
    TimeIsOver,
    Stopped,
}

impl World {
    fn chance(&self, what: u64, operation: u32, attempt: u32) -> Random {
        Random::of(&[self.seed, what, u64::from(operation), u64::from(attempt)])
    }

    pub fn started(&self) -> Vec<Output> {
        outputs(&mut self.chance(1, 0, 0), 4)
    }

    pub fn answer(&self, operation: u32, attempt: u32) -> Answer {
        let mut random = self.chance(2, operation, attempt);
        match random.below(100) {
            0..18 => Answer::Fail,
            18..25 if attempt < 4 => Answer::Retry,
            25..31 => Answer::Doubt,
            _ => Answer::Bundles(outputs(&mut random, 3)),
        }
    }

    pub fn interference(&self, operation: u32) -> Interference {
        match self.chance(3, operation, 0).below(200) {
            0 if self.interferes => Interference::Stopped,
            1..4 if self.interferes => Interference::TimeIsOver,
            _ => Interference::None,
        }
    }

    /// Whether there is no room for an incomplete execution.
    pub fn is_full(&self, operation: u32) -> bool {
        self.chance(4, operation, 0).percent(3)
    }

    pub fn refuses_commit(&self, cycle: u32) -> bool {
        self.chance(5, cycle, 0).percent(4)
    }

    pub fn refuses_rollback(&self) -> bool {
        self.chance(6, 0, 0).percent(10)
    }
}

fn outputs(random: &mut Random, most: u64) -> Vec<Output> {
    // One bundle is the usual case.
    let count = if random.percent(50) { 1 } else { random.below(most + 1) };
    let small = |random: &mut Random| i64::try_from(random.below(4)).unwrap();
    (0..count)
        .map(|_| {
            let number = small(random);
            let length = random.below(4);
            Output { number, list: (0..length).map(|_| small(random)).collect() }
        })
        .collect()
}
