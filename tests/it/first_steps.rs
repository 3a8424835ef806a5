//! From nothing to the first alert: a configuration by three answers, what commands say while there is nothing, and
//! what the binary says of itself.

mod empty;
mod init;
mod itself;
