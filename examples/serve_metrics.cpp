// SPDX-License-Identifier: MIT

/// \file
/// serve_metrics [PORT]: how does Prometheus get the figures? From http://127.0.0.1:PORT/metrics,
/// until the program is interrupted. Without a port the system picks one.

#include <prometheus/exposer.h>

#include <charconv>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <memory_resource>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <zpmr/prometheus.hpp>
#include <zpmr/zpmr.hpp>

using namespace zpmr::literals;

namespace {

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error{"\"" + std::string{text} + "\" is not a port: give 0 to 65535"};
  }
  return port;
}

std::unique_ptr<prometheus::Exposer> listen_on(std::uint16_t port) {
  const std::string address = "127.0.0.1:" + std::to_string(port);
  try {
    return std::make_unique<prometheus::Exposer>(address);
  } catch (const std::exception&) {
    throw std::runtime_error{"cannot listen on " + address + ": give another port, or none"};
  }
}

void block_signals_to_end(sigset_t& signals) {
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void serve(std::uint16_t port) {
  sigset_t signals;
  block_signals_to_end(signals);  // before the server starts threads, which inherit it

  //! [example]
  const auto server = listen_on(port);
  const auto figures =
      std::make_shared<zpmr::prometheus_collector>();  // the server does not own it
  server->RegisterCollectable(figures);

  zpmr::hard_limit cap{16_MiB};
  zpmr::memory_tracker all{"server"};
  zpmr::memory_tracker cache{"cache", all, &cap};
  zpmr::counting_resource memory{zpmr::default_allocator(), cache};
  const std::pmr::vector<int> numbers(1000, 42, &memory);
  //! [example]

  std::cout << "http://127.0.0.1:" << server->GetListeningPorts().at(0) << "/metrics" << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span arguments{argv, static_cast<std::size_t>(argc)};
  try {
    if (arguments.size() > 2) throw std::runtime_error{"usage: serve_metrics [PORT]"};
    serve(arguments.size() == 2 ? port_of(arguments[1]) : std::uint16_t{0});
  } catch (const std::exception& error) {
    std::cerr << "serve_metrics: " << error.what() << '\n';
    return 1;
  }
}
