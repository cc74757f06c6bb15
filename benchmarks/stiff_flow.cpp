// needs: Boost
// needs: SUNDIALS
//
// Work and precision of integrators on a stiff gradient flow (support/stiff_problem.hpp), in the displacement
// u = α (w - w0) from 0 to T = LT / λ_1, with λ_1 the largest eigenvalue of the tangent kernel at w0.
//
//     stiff_flow [--quick] [--csv=FILE]     tables in Markdown; --quick: 1 repetition, no explicit methods
//     stiff_flow --benchmark_filter=.       the fields and a few runs under Google Benchmark
//
// Every evaluation of a field counts, those of difference quotients within CVODE too. A refresh of an
// exponential method and a product with its frozen tangent count as many evaluations of its field as they
// take time. Seconds are processor time: the median of repetitions in turn with the other methods.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <lazytrain/flow/chebyshev.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/exponential_adams.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/model/gram.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "support/stiff_rivals.hpp"

namespace {

using namespace lazytrain;
using Numbers = Vector<double>;

// ---- the library's field, with its products counted

struct ProductCounts {
  Index jvps = 0;
  Index vjps = 0;
};

/// A model that counts the products with its derivative; those of a Gram matrix are not counted.
template <Model H>
class Counting {
 public:
  using Scalar = double;

  Counting(H h, std::shared_ptr<ProductCounts> counts) : h_(std::move(h)), counts_(std::move(counts)) {}

  [[nodiscard]] Index parameter_dim() const { return h_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return h_.output_dim(); }
  [[nodiscard]] OutputSpace output_space() const { return lazytrain::output_space(h_); }

  class At {
   public:
    At(const Counting& model, const Numbers& w)
        : tangent_(lazytrain::linearize(model.h_, w)), counts_(model.counts_) {}

    [[nodiscard]] const Numbers& value() const { return tangent_.value(); }
    void move_to(const Numbers& w) { tangent_.move_to(w); }
    void jvp(const Numbers& v, Numbers& out) const {
      ++counts_->jvps;
      tangent_.jvp(v, out);
    }
    void vjp(const Numbers& u, Numbers& out) const {
      ++counts_->vjps;
      tangent_.vjp(u, out);
    }
    void gram(Matrix<double>& out) const { lazytrain::gram(tangent_, out); }

   private:
    Tangent<H> tangent_;
    std::shared_ptr<ProductCounts> counts_;
  };

  [[nodiscard]] At linearize(const Numbers& w) const { return At(*this, w); }

 private:
  H h_;
  std::shared_ptr<ProductCounts> counts_;
};

auto network() {
  return TwoLayer<double, Tanh>(
             {.inputs = stiff::inputs, .neurons = stiff::neurons, .scaling = Scaling::sqrt})
      .on(stiff::data());
}

auto loss() { return square_loss(stiff::targets(), OutputSpace::empirical(stiff::samples)); }

auto field(double alpha) {
  const Numbers w0 = stiff::start();
  return displacement_field(centred(network(), w0), loss(), w0, alpha);
}

// ---- runs

struct Run {
  Numbers u;
  Index evaluations = 0;
  Index refreshes = 0;
  /// With the frozen tangent of an exponential method.
  Index products = 0;
};

template <class P>
Run ours(double alpha, double horizon, double tolerance) {
  auto f = field(alpha);
  const Numbers zero = Numbers::Zero(stiff::parameters);
  auto end = integrate(P{}, f, zero, {.horizon = horizon, .relative_tolerance = tolerance});
  if (!end.succeeded()) throw std::runtime_error(end.message);
  return {std::move(end.x), end.counts.evaluations, end.counts.refreshes};
}

/// Products with the frozen tangent: all those counted but one vjp in each evaluation.
template <class P>
Index frozen_products(double alpha, double horizon, double tolerance) {
  const Numbers w0 = stiff::start();
  const Numbers zero = Numbers::Zero(stiff::parameters);
  const auto counts = std::make_shared<ProductCounts>();
  const auto model = Counting(displaced(centred(network(), w0), w0, 1 / alpha), counts);
  GradientField f(model, loss(), Numbers(Numbers::Zero(stiff::samples)), 1.0, zero);
  const auto end = integrate(P{}, f, zero, {.horizon = horizon, .relative_tolerance = tolerance});
  return counts->jvps + counts->vjps - end.counts.evaluations;
}

Run rival(stiff::RivalRun run) { return {std::move(run.u), run.evaluations}; }

struct Method {
  std::string name;
  std::function<Run(double alpha, double horizon, double tolerance)> run;
  std::vector<double> tolerances;
  /// Counts the products with the frozen tangent, where there is one.
  std::function<Index(double alpha, double horizon, double tolerance)> products = {};
  /// Whether its cost does not grow with stiffness. The others run once, to the shorter horizon.
  bool stiff = true;
};

constexpr const char* exponential_name = "Exponential";
constexpr const char* adams_name = "ExponentialAdams";
constexpr const char* default_bdf_name = "CVODE BDF, defaults";
constexpr const char* tuned_bdf_name = "CVODE BDF, tuned";
constexpr const char* parameters_bdf_name = "CVODE BDF, in w";

std::vector<Method> methods() {
  const std::vector<double> sweep{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8};
  return {
      {adams_name, ours<ExponentialAdams>, sweep, frozen_products<ExponentialAdams>},
      {exponential_name, ours<Exponential>, sweep, frozen_products<Exponential>},
      {tuned_bdf_name,
       [](double alpha, double horizon, double tolerance) {
         return rival(stiff::cvode_bdf(alpha, horizon, tolerance, stiff::BdfOptions::tuned()));
       },
       {1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8}},
      {default_bdf_name,
       [](double alpha, double horizon, double tolerance) {
         return rival(stiff::cvode_bdf(alpha, horizon, tolerance, {}));
       },
       {1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8}},
      {parameters_bdf_name,
       [](double alpha, double horizon, double tolerance) {
         return rival(stiff::cvode_bdf(alpha, horizon, tolerance,
                                       {.krylov_dimension = 20, .variables = stiff::Variables::weights}));
       },
       {1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10}},
      {"Chebyshev", ours<Chebyshev>, {1e-4, 1e-6}, {}, false},
      {"DormandPrince", ours<DormandPrince>, {1e-6}, {}, false},
      {"odeint dopri5",
       [](double a, double t, double tol) { return rival(stiff::odeint_dopri5(a, t, tol)); },
       {1e-6},
       {},
       false},
      {"CVODE Adams",
       [](double a, double t, double tol) { return rival(stiff::cvode_adams(a, t, tol)); },
       {1e-6},
       {},
       false},
  };
}

// ---- time

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Seconds of one call, the median of seven batches of at least 2 ms.
template <class Action>
double seconds_of(Action action) {
  std::vector<double> times;
  for (int batch = 0; batch < 7; ++batch) {
    const double begin = processor_seconds();
    double elapsed = 0;
    int calls = 0;
    for (; elapsed < 2e-3; elapsed = processor_seconds() - begin) {
      for (int i = 0; i < 20; ++i) action();
      calls += 20;
    }
    times.push_back(elapsed / calls);
  }
  return median(times);
}

/// What the parts of a run take.
struct Costs {
  double evaluation = 0;
  double plain_evaluation = 0;
  double refresh = 0;
  double product = 0;
};

Costs measure_costs() {
  const double alpha = 100;
  auto f = field(alpha);
  stiff::PlainField plain(alpha);
  Numbers u = ours<Exponential>(alpha, 1e3, 1e-4).u;
  Numbers out = u;
  Numbers outputs = f.outputs();
  Matrix<double> kernel;
  Costs costs;
  costs.evaluation = seconds_of([&] { f(u, out); });
  costs.plain_evaluation = seconds_of([&] { plain(u.data(), out.data()); });
  costs.product = (seconds_of([&] { f.tangent().jvp(u, outputs); }) +
                   seconds_of([&] { f.tangent().vjp(outputs, out); })) /
                  2;
  costs.refresh = seconds_of([&] {
    gram(f.tangent(), kernel);
    benchmark::DoNotOptimize(symmetric_eigen(kernel));
  });
  return costs;
}

// ---- the sweep

struct Point {
  const Method* method = nullptr;
  double relaxation = 0;
  double alpha = 0;
  double tolerance = 0;
  Run run;
  double error = 0;
  double output_error = 0;
  /// Evaluations and, in evaluations, refreshes.
  double with_refreshes = 0;
  /// The same and, in evaluations, products.
  double work = 0;
  double seconds = 0;
};

double relative_difference(const Numbers& a, const Numbers& b) { return (a - b).norm() / b.norm(); }

/// u(T) by CVODE at a tight tolerance; prints how far the exponential methods at their tightest are from it.
Numbers reference(double alpha, double horizon, double relaxation) {
  const auto options = stiff::BdfOptions{.krylov_dimension = 20};
  const Numbers u = stiff::cvode_bdf(alpha, horizon, 1e-11, options).u;
  stiff::PlainField plain(alpha);
  const auto print_distance = [&](const Numbers& other) {
    std::cout << " | " << relative_difference(other, u) << " | "
              << relative_difference(plain.predictions(other), plain.predictions(u));
  };
  std::cout << "| " << relaxation << " | " << alpha;
  print_distance(ours<Exponential>(alpha, horizon, 1e-13).u);
  print_distance(ours<ExponentialAdams>(alpha, horizon, 1e-13).u);
  std::cout << " |\n";
  return u;
}

std::vector<Point> sweep(const std::vector<Method>& all, double largest_eigenvalue, const Costs& costs,
                         int repetitions, bool with_explicit) {
  std::vector<Point> points;
  std::cout
      << "Distance of the reference (CVODE BDF at 1e-11) to Exponential and ExponentialAdams at 1e-13:\n\n"
      << "| LT | α | in w - w0 | in outputs | Adams: in w - w0 | in outputs |\n"
      << "|---|---|---|---|---|---|\n";
  for (const double relaxation : {1e5, 1e6}) {
    const double horizon = relaxation / largest_eigenvalue;
    for (const double alpha : {1.0, 1e2, 1e4}) {
      const Numbers exact = reference(alpha, horizon, relaxation);
      stiff::PlainField plain(alpha);
      const Numbers exact_outputs = plain.predictions(exact);
      const std::size_t first = points.size();
      for (const Method& method : all) {
        if (!method.stiff && (!with_explicit || relaxation > 1e5)) continue;
        for (const double tolerance : method.tolerances) {
          Point& point = points.emplace_back();
          point.method = &method;
          point.relaxation = relaxation;
          point.alpha = alpha;
          point.tolerance = tolerance;
        }
      }
      std::vector<std::vector<double>> times(points.size() - first);
      for (int repetition = 0; repetition < repetitions; ++repetition) {
        for (std::size_t i = first; i < points.size(); ++i) {
          Point& point = points[i];
          if (repetition > 0 && !point.method->stiff) continue;
          const double begin = processor_seconds();
          point.run = point.method->run(alpha, horizon, point.tolerance);
          times[i - first].push_back(processor_seconds() - begin);
        }
      }
      for (std::size_t i = first; i < points.size(); ++i) {
        Point& point = points[i];
        if (point.method->products) {
          point.run.products = point.method->products(alpha, horizon, point.tolerance);
        }
        point.error = relative_difference(point.run.u, exact);
        point.output_error = relative_difference(plain.predictions(point.run.u), exact_outputs);
        point.seconds = median(times[i - first]);
        point.with_refreshes = static_cast<double>(point.run.evaluations) +
                               static_cast<double>(point.run.refreshes) * costs.refresh / costs.evaluation;
        point.work =
            point.with_refreshes + static_cast<double>(point.run.products) * costs.product / costs.evaluation;
      }
    }
  }
  return points;
}

void print(const std::vector<Point>& points) {
  std::cout << "\n| LT | α | method | rtol | error of w - w0 | error of outputs | evaluations | refreshes | "
               "products | with refreshes | with products | ms "
               "|\n|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Point& p : points) {
    std::cout << "| " << p.relaxation << " | " << p.alpha << " | " << p.method->name << " | " << p.tolerance
              << " | " << p.error << " | " << p.output_error << " | " << p.run.evaluations << " | "
              << p.run.refreshes << " | " << p.run.products << " | " << std::llround(p.with_refreshes)
              << " | " << std::llround(p.work) << " | " << 1e3 * p.seconds << " |\n";
  }
}

void write_csv(const std::vector<Point>& points, const std::string& path) {
  std::ofstream out(path);
  out << "relaxation,alpha,method,tolerance,error,output_error,evaluations,refreshes,products,"
         "evaluations_with_refreshes,evaluations_with_products,seconds\n";
  for (const Point& p : points) {
    out << p.relaxation << ',' << p.alpha << ",\"" << p.method->name << "\"," << p.tolerance << ',' << p.error
        << ',' << p.output_error << ',' << p.run.evaluations << ',' << p.run.refreshes << ','
        << p.run.products << ',' << p.with_refreshes << ',' << p.work << ',' << p.seconds << '\n';
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

// ---- work at equal error

/// The work a method needs for an error: log-log interpolation along its points that no other point of it
/// beats in both. A target that the cheapest point meets costs what that point costs; nothing if none meets
/// it.
template <class Error, class Work>
std::optional<double> work_at(const std::vector<Point>& points, double relaxation, double alpha,
                              const std::string& method, double target, Error error, Work work) {
  std::vector<std::pair<double, double>> front;  // work, error
  for (const Point& p : points) {
    if (p.relaxation == relaxation && p.alpha == alpha && p.method->name == method) {
      front.emplace_back(work(p), error(p));
    }
  }
  std::sort(front.begin(), front.end());
  const std::pair<double, double>* before = nullptr;
  for (const auto& point : front) {
    if (before && point.second >= before->second) continue;
    if (point.second <= target) {
      if (!before) return point.first;
      const double share = std::log(target / before->second) / std::log(point.second / before->second);
      return before->first * std::pow(point.first / before->first, share);
    }
    before = &point;
  }
  return std::nullopt;
}

template <class Error>
void print_ratios(const std::vector<Point>& points, const char* method, const char* what,
                  const std::vector<double>& targets, Error error) {
  const auto rival_work = [](const Point& p) { return static_cast<double>(p.run.evaluations); };
  const auto seconds = [](const Point& p) { return p.seconds; };
  const auto ratio = [](std::optional<double> a, std::optional<double> b) {
    std::ostringstream out;
    out << std::setprecision(3);
    if (a && b) {
      out << *a / *b;
    } else {
      out << "-";
    }
    return out.str();
  };
  for (const double relaxation : {1e5, 1e6}) {
    for (const double alpha : {1.0, 1e2, 1e4}) {
      for (const double target : targets) {
        std::cout << "| " << relaxation << " | " << alpha << " | " << what << " " << target;
        for (const char* bdf : {tuned_bdf_name, parameters_bdf_name, default_bdf_name}) {
          const auto ours_at = [&](auto work) {
            return work_at(points, relaxation, alpha, method, target, error, work);
          };
          const auto theirs_at = [&](auto work) {
            return work_at(points, relaxation, alpha, bdf, target, error, work);
          };
          const auto rivals = theirs_at(rival_work);
          std::cout << " | " << ratio(ours_at(rival_work), rivals) << " | "
                    << ratio(ours_at([](const Point& p) { return p.with_refreshes; }), rivals) << " | "
                    << ratio(ours_at([](const Point& p) { return p.work; }), rivals) << " | "
                    << ratio(ours_at(seconds), theirs_at(seconds));
        }
        std::cout << " |\n";
      }
    }
  }
}

void tables(bool quick, const std::string& csv) {
  std::cout << std::setprecision(3);
  const Numbers w0 = stiff::start();
  const Matrix<double> kernel = gram(linearize(network(), w0)) / double(stiff::samples);
  const double largest = symmetric_eigenvalues(kernel).values(0);
  const Costs costs = measure_costs();
  std::cout << "λ_1 = " << std::setprecision(6) << largest << std::setprecision(3)
            << "; microseconds: evaluation of the library's field " << 1e6 * costs.evaluation
            << ", of the plain one " << 1e6 * costs.plain_evaluation << ", refresh " << 1e6 * costs.refresh
            << ", product with the frozen tangent " << 1e6 * costs.product << "\n\n";
  const std::vector<Method> all = methods();
  const auto points = sweep(all, largest, costs, quick ? 1 : 5, !quick);
  print(points);
  for (const char* method : {adams_name, exponential_name}) {
    std::cout << "\n" << method << " over CVODE BDF at equal error:\n\n| LT | α | error";
    for (const char* bdf : {"tuned", "in w", "defaults"}) {
      std::cout << " | " << bdf << ": evaluations | with refreshes | with products | time";
    }
    std::cout << " |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    print_ratios(points, method, "w - w0", {1e-4, 1e-5, 1e-6}, [](const Point& p) { return p.error; });
    print_ratios(points, method, "outputs", {1e-6, 1e-7, 1e-8},
                 [](const Point& p) { return p.output_error; });
  }
  if (!csv.empty()) write_csv(points, csv);
}

// ---- under Google Benchmark

void library_field(benchmark::State& state) {
  auto f = field(100);
  const Numbers u = Numbers::Constant(stiff::parameters, 0.1);
  Numbers out = u;
  for (auto _ : state) f(u, out);
}
BENCHMARK(library_field);

void plain_field(benchmark::State& state) {
  stiff::PlainField f(100);
  const Numbers u = Numbers::Constant(stiff::parameters, 0.1);
  Numbers out = u;
  for (auto _ : state) f(u.data(), out.data());
}
BENCHMARK(plain_field);

constexpr double benchmark_horizon = 1e5 / 0.651674;

void exponential(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(ours<Exponential>(double(state.range(0)), benchmark_horizon, 1e-6));
  }
}
BENCHMARK(exponential)->Arg(1)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

void exponential_adams(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(ours<ExponentialAdams>(double(state.range(0)), benchmark_horizon, 1e-6));
  }
}
BENCHMARK(exponential_adams)->Arg(1)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

void cvode_bdf(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        stiff::cvode_bdf(double(state.range(0)), benchmark_horizon, 1e-5, stiff::BdfOptions::tuned()));
  }
}
BENCHMARK(cvode_bdf)->Arg(1)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  const int given = argc;
  benchmark::Initialize(&argc, argv);
  if (argc < given) {
    benchmark::RunSpecifiedBenchmarks();
    return 0;
  }
  bool quick = false;
  std::string csv;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--quick") {
      quick = true;
    } else if (argument.rfind("--csv=", 0) == 0) {
      csv = argument.substr(6);
    } else {
      std::cerr << "usage: stiff_flow [--quick] [--csv=FILE] | --benchmark_filter=REGEX\n";
      return 2;
    }
  }
  tables(quick, csv);
}
