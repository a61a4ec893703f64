// A peer on Gazebo's own transport library (libignition-transport), printing JSON lines.
//
//   gz-peer pub|stats TOPIC        joint states (ignition.msgs.Model)
//   gz-peer say|hear TOPIC         text (ignition.msgs.StringMsg)
//   gz-peer serve|call NAME        world control (WorldControl -> Boolean)
//
// --rate HZ --count N --joints N --secs S --report-every N
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <ignition/msgs.hh>
#include <ignition/transport.hh>

namespace {

std::atomic<bool> ended{false};

void onSignal(int) { ended = true; }

double nowSeconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

double cpuSeconds() {
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_utime.tv_sec + use.ru_stime.tv_sec +
         (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

struct Options {
  std::map<std::string, double> values{
      {"rate", 1000}, {"count", 0}, {"joints", 4}, {"secs", 60}, {"report-every", 0}};
  double operator[](const std::string &key) const { return values.at(key); }
};

void waitForEnd(const Options &options) {
  const double until = nowSeconds() + options["secs"];
  while (!ended && nowSeconds() < until) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

void publishJointStates(ignition::transport::Node &node, const std::string &topic,
                        const Options &options) {
  auto publisher = node.Advertise<ignition::msgs::Model>(topic);
  const double period = 1 / options["rate"];
  const double until = nowSeconds() + options["secs"];
  double next = 0;
  long sequence = 0;
  ignition::msgs::Model model;
  model.set_name("peer");
  while (!ended && nowSeconds() < until) {
    if (!publisher.HasConnections()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    if (next == 0) next = nowSeconds();
    const double wait = next - nowSeconds();
    if (wait > 0) std::this_thread::sleep_for(std::chrono::duration<double>(wait));
    next += period;
    sequence += 1;
    model.clear_joint();
    for (int i = 0; i < options["joints"]; ++i) {
      auto *joint = model.add_joint();
      joint->set_name("joint" + std::to_string(i + 1));
      joint->mutable_axis1()->set_position(sequence + i / 4.0);
      joint->mutable_axis1()->set_velocity(-i);
      joint->mutable_axis1()->set_force(sequence);
    }
    const double stamp = nowSeconds();
    auto *time = model.mutable_header()->mutable_stamp();
    time->set_sec(static_cast<int64_t>(stamp));
    time->set_nsec(static_cast<int32_t>((stamp - static_cast<int64_t>(stamp)) * 1e9));
    publisher.Publish(model);
    if (options["count"] > 0 && sequence >= options["count"]) break;
  }
  std::printf("{\"event\":\"sent\",\"count\":%ld}\n", sequence);
  waitForEnd(options);
}

class JointStateStatistics {
 public:
  explicit JointStateStatistics(long every) : every(every), windowCpu(cpuSeconds()), windowStart(nowSeconds()) {}

  void Add(const ignition::msgs::Model &model) {
    const double now = nowSeconds();
    const auto &stamp = model.header().stamp();
    latencies.push_back(now - (stamp.sec() + stamp.nsec() * 1e-9));
    const long sequence = static_cast<long>(model.joint(0).axis1().position());
    if (last > 0 && sequence != last + 1) gaps += 1;
    last = sequence;
    received += 1;
    if (static_cast<long>(latencies.size()) < every) return;
    std::sort(latencies.begin(), latencies.end());
    const double wall = now - windowStart;
    std::printf(
        "{\"event\":\"stats\",\"received\":%ld,\"gaps\":%ld,\"joints\":%d,\"p50Ms\":%.4f,\"p99Ms\":%.4f,"
        "\"cpuPercent\":%.2f,\"ratePerS\":%.1f}\n",
        received, gaps, model.joint_size(), 1e3 * latencies[latencies.size() / 2],
        1e3 * latencies[latencies.size() * 99 / 100], 100 * (cpuSeconds() - windowCpu) / wall,
        latencies.size() / wall);
    latencies.clear();
    windowCpu = cpuSeconds();
    windowStart = nowSeconds();
  }

 private:
  long every;
  long received = 0, gaps = 0, last = 0;
  double windowCpu, windowStart;
  std::vector<double> latencies;
};

void call(ignition::transport::Node &node, const std::string &service, const Options &options) {
  for (int i = 1; i <= std::max(1.0, options["count"]); ++i) {
    ignition::msgs::WorldControl request;
    request.set_pause(true);
    request.set_multi_step(i);
    ignition::msgs::Boolean reply;
    bool result = false;
    const double start = nowSeconds();
    const bool answered = node.Request(service, request, 5000, reply, result);
    if (!answered || !result) {
      std::printf("{\"event\":\"failed\",\"answered\":%s}\n", answered ? "true" : "false");
      return;
    }
    std::printf("{\"event\":\"reply\",\"data\":%s,\"tookMs\":%.3f}\n",
                reply.data() ? "true" : "false", 1e3 * (nowSeconds() - start));
  }
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::signal(SIGTERM, onSignal);
  const std::string mode = argv[1], name = argv[2];
  Options options;
  for (int i = 3; i + 1 < argc; i += 2) options.values[std::string(argv[i]).substr(2)] = std::stod(argv[i + 1]);
  ignition::transport::Node node;
  std::printf("{\"event\":\"ready\"}\n");

  if (mode == "pub") {
    publishJointStates(node, name, options);
  } else if (mode == "stats") {
    JointStateStatistics statistics(
        static_cast<long>(options["report-every"] > 0 ? options["report-every"] : options["count"]));
    std::function<void(const ignition::msgs::Model &)> onModel =
        [&](const ignition::msgs::Model &model) { statistics.Add(model); };
    node.Subscribe(name, onModel);
    waitForEnd(options);
  } else if (mode == "say") {
    auto publisher = node.Advertise<ignition::msgs::StringMsg>(name);
    for (long sequence = 1; !ended; ++sequence) {
      ignition::msgs::StringMsg text;
      text.set_data("text " + std::to_string(sequence));
      publisher.Publish(text);
      std::this_thread::sleep_for(std::chrono::duration<double>(1 / options["rate"]));
    }
  } else if (mode == "hear") {
    std::function<void(const ignition::msgs::StringMsg &)> onText =
        [](const ignition::msgs::StringMsg &text) {
          std::printf("{\"event\":\"sample\",\"data\":\"%s\"}\n", text.data().c_str());
        };
    node.Subscribe(name, onText);
    waitForEnd(options);
  } else if (mode == "serve") {
    std::function<bool(const ignition::msgs::WorldControl &, ignition::msgs::Boolean &)> onControl =
        [](const ignition::msgs::WorldControl &request, ignition::msgs::Boolean &reply) {
          std::printf("{\"event\":\"request\",\"pause\":%s,\"multiStep\":%u}\n",
                      request.pause() ? "true" : "false", request.multi_step());
          reply.set_data(request.pause());
          return true;
        };
    node.Advertise(name, onControl);
    waitForEnd(options);
  } else if (mode == "call") {
    call(node, name, options);
  } else {
    return 2;
  }
  return 0;
}
