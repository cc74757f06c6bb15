#pragma once

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_spgmr.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

#include <boost/numeric/odeint/integrate/integrate_adaptive.hpp>
#include <boost/numeric/odeint/stepper/generation.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "stiff_problem.hpp"

/// The integrators of Boost.odeint and SUNDIALS on the plain field, from u = 0.
namespace stiff {

struct RivalRun {
  Vector u;
  /// All evaluations of the field, those of difference quotients inside a linear solver included.
  Index evaluations;
};

/// Absolute tolerance of the explicit rivals, as a multiple of the relative one.
constexpr double absolute_over_relative = 1e-3;

/// What CVODE integrates. Its tolerance is relative to the size of its variables: in w it is looser.
enum class Variables { displacements, weights };

/// Settings of CVODE's BDF; the values here are its default Krylov dimension and the tolerances of the other
/// rivals. Both matter: see `tuned`.
struct BdfOptions {
  /// Vectors in GMRES; 0: CVODE's default, 5.
  int krylov_dimension = 0;
  double absolute_over_relative = stiff::absolute_over_relative;
  Variables variables = Variables::displacements;

  /// The best found among dimensions 5, 10, 20, 40, ratios 1e-3, 0.1, 1 and the variables w and α (w - w0).
  [[nodiscard]] static BdfOptions tuned() { return {.krylov_dimension = 20, .absolute_over_relative = 1}; }
};

inline RivalRun odeint_dopri5(double alpha, double horizon, double tolerance) {
  namespace odeint = boost::numeric::odeint;
  using State = std::vector<double>;
  PlainField field(alpha);
  State u(std::size_t(parameters), 0.0);
  const auto system = [&](const State& x, State& f, double) { field(x.data(), f.data()); };
  odeint::integrate_adaptive(odeint::make_controlled(absolute_over_relative * tolerance, tolerance,
                                                     odeint::runge_kutta_dopri5<State>()),
                             system, u, 0.0, horizon, 0.1);
  return {Eigen::Map<const Vector>(u.data(), parameters), field.evaluations()};
}

namespace detail {

template <class T>
using Owned = std::unique_ptr<std::remove_pointer_t<T>, void (*)(T)>;

inline void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

inline Eigen::Map<Vector> numbers(N_Vector v) { return {N_VGetArrayPointer(v), parameters}; }

/// SUNDIALS' vector of zeros with Eigen's vector instructions in the operations that count: distributions
/// compile theirs without, and CVODE then spends more time in them than in the field.
inline N_Vector zero_vector(SUNContext context) {
  N_Vector zero = N_VNew_Serial(parameters, context);
  require(zero != nullptr, "N_VNew_Serial");
  zero->ops->nvdotprod = [](N_Vector x, N_Vector y) { return numbers(x).dot(numbers(y)); };
  zero->ops->nvwrmsnorm = [](N_Vector x, N_Vector w) {
    return std::sqrt(numbers(x).cwiseProduct(numbers(w)).squaredNorm() / double(parameters));
  };
  zero->ops->nvlinearsum = [](double a, N_Vector x, double b, N_Vector y, N_Vector z) {
    numbers(z) = a * numbers(x) + b * numbers(y);
  };
  zero->ops->nvscale = [](double a, N_Vector x, N_Vector z) { numbers(z) = a * numbers(x); };
  zero->ops->nvprod = [](N_Vector x, N_Vector y, N_Vector z) {
    numbers(z) = numbers(x).cwiseProduct(numbers(y));
  };
  zero->ops->nvdiv = [](N_Vector x, N_Vector y, N_Vector z) {
    numbers(z) = numbers(x).cwiseQuotient(numbers(y));
  };
  N_VConst(0, zero);
  return zero;
}

inline int call_field(double, N_Vector x, N_Vector f, void* field) {
  (*static_cast<PlainField*>(field))(N_VGetArrayPointer(x), N_VGetArrayPointer(f));
  return 0;
}

/// The field in w = w0 + u / α.
struct FieldInParameters {
  PlainField& field;
  double alpha;
  Vector w0 = start();
  Vector u = w0;
};
inline int call_field_in_parameters(double, N_Vector w, N_Vector f, void* data) {
  auto& in = *static_cast<FieldInParameters*>(data);
  in.u = in.alpha * (numbers(w) - in.w0);
  in.field(in.u.data(), N_VGetArrayPointer(f));
  numbers(f) /= in.alpha;
  return 0;
}

inline RivalRun cvode(int method, double alpha, double horizon, double tolerance, const BdfOptions& options) {
  SUNContext raw = nullptr;
  require(SUNContext_Create(nullptr, &raw) == 0, "SUNContext_Create");
  const Owned<SUNContext> context(raw, [](SUNContext c) { SUNContext_Free(&c); });
  const Owned<N_Vector> u(zero_vector(raw), N_VDestroy);
  PlainField field(alpha);
  const Owned<void*> memory(CVodeCreate(method, raw), [](void* m) { CVodeFree(&m); });
  void* const solver = memory.get();
  const bool in_w = options.variables == Variables::weights;
  FieldInParameters moved{field, alpha};
  if (in_w) numbers(u.get()) = moved.w0;
  require(CVodeInit(solver, in_w ? call_field_in_parameters : call_field, 0, u.get()) == 0, "CVodeInit");
  CVodeSStolerances(solver, tolerance, options.absolute_over_relative * tolerance);
  CVodeSetUserData(solver, in_w ? static_cast<void*>(&moved) : &field);
  CVodeSetMaxNumSteps(solver, -1);
  CVodeSetStopTime(solver, horizon);

  Owned<SUNLinearSolver> linear(nullptr, [](SUNLinearSolver s) { SUNLinSolFree(s); });
  Owned<SUNNonlinearSolver> fixed_point(nullptr, [](SUNNonlinearSolver s) { SUNNonlinSolFree(s); });
  if (method == CV_BDF) {
    linear.reset(SUNLinSol_SPGMR(u.get(), SUN_PREC_NONE, options.krylov_dimension, raw));
    require(CVodeSetLinearSolver(solver, linear.get(), nullptr) == 0, "CVodeSetLinearSolver");
  } else {
    fixed_point.reset(SUNNonlinSol_FixedPoint(u.get(), 0, raw));
    require(CVodeSetNonlinearSolver(solver, fixed_point.get()) == 0, "CVodeSetNonlinearSolver");
  }
  double t = 0;
  require(CVode(solver, horizon, u.get(), &t, CV_NORMAL) >= 0, "CVode");

  long evaluations = 0;
  long in_linear_solver = 0;
  CVodeGetNumRhsEvals(solver, &evaluations);
  if (linear) CVodeGetNumLinRhsEvals(solver, &in_linear_solver);
  Vector end = numbers(u.get());
  if (in_w) end = alpha * (end - moved.w0);
  return {std::move(end), evaluations + in_linear_solver};
}

}  // namespace detail

/// Variable-order BDF, Newton's method, GMRES with products J v by difference quotients.
inline RivalRun cvode_bdf(double alpha, double horizon, double tolerance, const BdfOptions& options) {
  return detail::cvode(CV_BDF, alpha, horizon, tolerance, options);
}

/// Variable-order Adams-Moulton with fixed-point iteration.
inline RivalRun cvode_adams(double alpha, double horizon, double tolerance) {
  return detail::cvode(CV_ADAMS, alpha, horizon, tolerance, {});
}

}  // namespace stiff
