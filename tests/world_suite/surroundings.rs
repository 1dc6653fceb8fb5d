//! The world of this suite.

use std::sync::OnceLock;

use crate::daemons::World;

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::start("world", "WORLD", [0, 1, 2, 3, 4, 19]))
}
