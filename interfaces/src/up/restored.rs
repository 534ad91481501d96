//! A commune that begins with a backup: its streams are made before any service has started.

use std::path::Path;

use commune_bus::accounts::Principal;

use super::services;
use crate::{connect::bus_at, failure::Failure, home::Running, output::Output, restore};

/// Makes the streams of the backup. What the services remember of a store of before is forgotten.
pub(super) async fn begin_with(folder: &Path, home: &Path, running: &Running, output: &Output) -> Result<(), Failure> {
    let manifest = restore::checked(folder)?;
    let key = Some(Path::new(&running.operator_key_file)).filter(|key| !key.as_os_str().is_empty());
    let bus = bus_at(&running.nats_url, Principal::Operator.name(), key).await?;
    restore::into(&bus, folder, &manifest, output).await?;
    bus.drain().await;
    services::forget_store(home)
}
