//! The schedule and the trigger of a scenario, as pages steer them.

use rouage_engine::Kind;
use rouage_model::schedule::Scheduling;
use rouage_model::{Blueprint, ScenarioId, TeamId};
use rouage_sdk::{Choice, Start};
use rouage_store::scenarios;

use super::Schedule;
use crate::control::{Control, ControlError};
use crate::positions::{self, PollingTrigger};
use crate::schedule;

impl Control {
    /// Sets when a scenario runs. What stands against it is told when the
    /// scenario is switched on; one that is on must be able to go on.
    pub async fn set_schedule(&self, team: TeamId, id: ScenarioId, schedule: &Schedule) -> Result<(), ControlError> {
        let scenario = self.scenario(team, id).await?;
        let (scheduling, timezone) = (schedule.scheduling.clone(), schedule.timezone.clone());
        let changed = scenarios::Scenario { scheduling, timezone, ..scenario };
        let problems = if changed.enabled { schedule::problems(&self.core, &changed) } else { Vec::new() };
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems));
        }
        schedule::set(&self.core, &changed, schedule.missed_runs).await?;
        self.refresh().await;
        Ok(())
    }

    /// The schedule that a blueprint brings or that suits its first module, and
    /// why the one it brings could not be taken.
    pub fn schedule_of(&self, blueprint: &Blueprint) -> (Scheduling, Option<String>) {
        schedule::of_blueprint(&self.core, blueprint)
    }

    /// What stands against switching a scenario on with the schedule it has.
    pub fn schedule_problems(&self, scenario: &scenarios::Scenario) -> Vec<String> {
        schedule::problems(&self.core, scenario)
    }

    /// Whether the first module of a blueprint gets data pushed to it, or is
    /// asked for news; nothing for other modules.
    pub fn trigger_kind(&self, blueprint: &Blueprint) -> Option<Kind> {
        schedule::trigger_kind(&self.core, blueprint)
    }

    /// The polling trigger of a scenario: where it started and how far it has
    /// come. `None` when the first module is another.
    pub async fn polling_trigger(&self, team: TeamId, id: ScenarioId) -> Result<Option<PollingTrigger>, ControlError> {
        positions::trigger(&self.core, team, id).await
    }

    /// Lets the polling trigger start anew.
    pub async fn restart_trigger(&self, team: TeamId, id: ScenarioId, start: &Start) -> Result<(), ControlError> {
        positions::restart(&self.core, team, id, start).await
    }

    /// The latest items of the polling trigger, newest first.
    pub async fn trigger_choices(&self, team: TeamId, id: ScenarioId) -> Result<Vec<Choice>, ControlError> {
        positions::choices(&self.core, team, id).await
    }
}
