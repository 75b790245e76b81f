//! Mounts the pages under `/check`.

fn main() {
    console_error_panic_hook::set_once();
    snaproom_app::mount_check();
}
