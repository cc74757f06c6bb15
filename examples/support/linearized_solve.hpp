#pragma once

#include <algorithm>
#include <filesystem>
#include <lazytrain/flow/checkpoint.hpp>
#include <lazytrain/linalg/least_squares.hpp>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/progress.hpp>
#include <utility>

#include "cnn_training.hpp"

namespace examples {

/// The linearized network solved instead of trained: min over d of ||Dh(w0) d - y*||_F^2 on the training
/// images, not augmented, by conjugate gradients, which never form Dh(w0). Returns metrics along the
/// iterations, closer together at the beginning; the norm of d grows along them, stopping early is a
/// regularization. Writes them to `<folder>/linearized.json`, and goes on from `linearized.checkpoint` where
/// it was interrupted. The loss is the square loss of CnnLoss.
template <class B>
nlohmann::json solve_linearized(const lazytrain::nn::Network<B>& net, const typename B::Vector& w0,
                                const ImageData<lazytrain::scalar_t<B>>& data, lazytrain::Index iterations,
                                const std::filesystem::path& folder, lazytrain::report::Progress& progress) {
  using namespace lazytrain;
  using V = typename B::Vector;
  const auto train = linearize(net.on(data.train.inputs), w0);
  const auto test = linearize(net.on(data.test.inputs), w0);
  const OutputSpace& space = train.output_space();
  const MakeCnnLoss<CnnLoss::square, scalar_t<B>> make_loss;
  const auto loss = make_loss(data.train.labels, space);
  const auto test_loss = make_loss(data.test.labels, test.output_space());
  const V targets(loss.minimizer());
  const auto apply = [&](const V& v, V& out) { train.jvp(v, out); };
  const auto adjoint = [&](const V& g, V& out) { train.adjoint(g, out); };

  const auto file = folder / "linearized.json";
  const auto checkpoint = folder / "linearized.checkpoint";
  nlohmann::json rows = nlohmann::json::array();
  LeastSquaresState<V, V> start{0, zeros_like(w0), zeros_like(w0), 0, targets};
  if (std::filesystem::exists(checkpoint)) {
    const Checkpoint kept = Checkpoint::read(checkpoint.string());
    start.iterations = kept.integer("iterations");
    start.previous = kept.number("previous");
    kept.get("x", start.x);
    kept.get("direction", start.direction);
    kept.get("residual", start.residual);
    for (auto& row : report::read_json(file)) {
      if (row["iteration"].template get<Index>() <= std::min(start.iterations, iterations)) {
        rows.push_back(std::move(row));
      }
    }
    if (start.iterations >= iterations) return rows;
  }
  progress.step(start.iterations);
  LeastSquaresIteration solver(adjoint, std::move(start), space);
  while (solver.state().iterations < iterations) {
    solver.step(apply, adjoint);
    progress.step();
    const Index i = solver.state().iterations;
    // Every iteration up to 16, then eight in a doubling.
    Index apart = 1;
    while (16 * apart <= i) apart *= 2;
    if (i % apart != 0 && i != iterations) continue;
    V values = targets;
    axpy(-1, solver.state().residual, values);
    const Vector<scalar_t<B>> outputs = net.backend().to_host(values);
    const Vector<scalar_t<B>> test_outputs = net.backend().to_host(test.jvp(solver.x()));
    rows.push_back({{"iteration", i},
                    {"train_loss", loss.value(outputs)},
                    {"train_accuracy", accuracy(outputs, data.train.labels, space)},
                    {"test_loss", test_loss.value(test_outputs)},
                    {"test_accuracy", accuracy(test_outputs, data.test.labels, test.output_space())},
                    {"displacement", norm(solver.x())},
                    {"gradient", solver.gradient_norm()}});
    report::write_json(file, rows);
    Checkpoint kept;
    kept.set("iterations", i);
    kept.set("previous", solver.state().previous);
    kept.set("x", solver.x());
    kept.set("direction", solver.state().direction);
    kept.set("residual", solver.state().residual);
    kept.write(checkpoint.string());
  }
  return rows;
}

}  // namespace examples
