//! Looks at every message of an agent once, so that what is invalid becomes a dead letter that says why.

use commune_bus::{Delivery, Failure, Handled, Handler};
use jiff::tz::TimeZone;

use crate::{intake, translate};

/// Accepts what is valid, refuses the rest.
#[derive(Debug)]
pub struct Intake {
    zone: TimeZone,
}

impl Intake {
    /// Local dates are read in this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone }
    }
}

impl Handler for Intake {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let Some(message) = translate::message(&delivery.message) else {
            return Err(Failure::reject(
                "the subject is not commune.agent.<agent>.<kind> or commune.agent.<agent>.<kind>.<id>",
            ));
        };
        match intake::read(&message, &self.zone, translate::decode) {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::reject(error)),
        }
    }
}
