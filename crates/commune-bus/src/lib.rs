//! JetStream, and only JetStream: publish, consume, topology, dead letters, envelope.
//!
//! This is the one crate that names `async-nats`. Delivery is **at least once**; an effect is made effective
//! once by ids that derive from content or from (agent, night, stage, ordinal), and by compare-and-set.

pub mod accounts;
mod api;
mod attempt;
mod batch;
mod bus;
mod consume;
mod dead;
mod ensure;
mod envelope;
mod error;
mod fault;
mod follow;
mod guard;
mod inspect;
mod kept;
mod link;
pub mod metrics;
mod objects;
mod publish;
mod pull;
mod quarantine;
mod send_span;
mod snapshot;
mod store;
pub mod subject;
pub mod topology;
mod view;
mod waiting;
mod wire;

pub use accounts::{ClusterConfiguration, ServerConfiguration};
pub use api::CLOCK_DIFFERENCE;
pub use bus::{Bus, BusOptions, Connection};
pub use consume::{ConsumerSpec, Delivery, Failure, Handled, Handler};
pub use dead::DeadLetter;
pub use ensure::OLDEST_SERVER;
pub use envelope::{DecodeError, Outgoing, Stored, attribute};
pub use error::{BusError, PublishError};
pub use fault::{Fault, FaultError, Faults, Point, Points};
pub use inspect::{ConsumerFound, Fits, Storage, StreamFound};
pub use kept::others_may_write;
pub use objects::OBJECT_LIMIT;
pub use publish::{BATCH_LIMIT, StoredAt};
pub use snapshot::{Extent, PIECE, Restore, Snapshot, Taken};
pub use store::{StoreError, StoreMark};
pub use topology::{StreamName, TopologyError};
pub use view::{Behind, Project, View};
