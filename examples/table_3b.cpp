// The table of Figure 3(b): what linearized networks reach on CIFAR-10, beside features that no label has
// seen (wavelet scattering, random patches) under a linear classifier, and beside the networks themselves.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <lazytrain/nn/random_patches.hpp>
#include <lazytrain/nn/scattering.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/table.hpp>
#include <limits>
#include <string>
#include <vector>

#include "support/kept_row.hpp"
#include "support/program.hpp"
#include "support/table_rows.hpp"

namespace {

using namespace lazytrain;
using nlohmann::json;
using S = float;
using examples::table_rows;
using examples::TableChoices;

void declare(CLI::App& app, TableChoices& o) {
  std::vector<std::string> names;
  for (const auto& row : table_rows) names.push_back(row.name);
  app.option_defaults()->always_capture_default();
  app.add_option("--row", o.rows, "rows to compute, by default all; the table shows finished ones too")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_option("--data", o.data,
                 "folder of CIFAR-10's binary files, DIR or cifar10:DIR; without it, generated images");
  app.add_option("--vgg-width", o.vgg_width, "factor of VGG-11's number of filters (the paper: 8)")
      ->check(CLI::PositiveNumber);
  app.add_option("--resnet-width", o.resnet_width, "factor of ResNet-18's number of filters (the paper: 7)")
      ->check(CLI::PositiveNumber);
  app.add_option("--train", o.train, "training images")->check(CLI::PositiveNumber);
  app.add_option("--test", o.test, "test images")->check(CLI::PositiveNumber);
  app.add_option("--linearized-steps", o.linearized_steps,
                 "initial step sizes of linearized networks in units of 1 / (M ||Dh(w0)||^2); the best final "
                 "training loss counts")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--vgg-steps", o.vgg_steps, "the same of VGG-11 as it is")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--resnet-steps", o.resnet_steps, "the same of ResNet-18 as it is")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--vgg-gain", o.vgg_gain, "gain of VGG-11's Xavier initialization (the paper's code: 1)")
      ->check(CLI::PositiveNumber);
  app.add_option("--resnet-gain", o.resnet_gain, "the same of ResNet-18")->check(CLI::PositiveNumber);
  app.add_option("--epochs", o.protocol.epochs, "passes over the data")->check(CLI::PositiveNumber);
  app.add_option("--batch", o.protocol.batch, "images in a batch")->check(CLI::PositiveNumber);
  app.add_option("--momentum", o.protocol.momentum, "momentum");
  app.add_option("--beta", o.protocol.beta, "decay: step / (1 + beta epoch)");
  app.add_option("--seed", o.protocol.seed, "seed of initialization, batches, augmentation and patches");
  app.add_option("--solve", o.solve,
                 "solve the linearized networks, by so many iterations of conjugate gradients on least "
                 "squares, rather than train them; 0: train")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--filters", o.filters, "random patches")->check(CLI::PositiveNumber);
  examples::declare_device(app, o.device, o.threads);
  app.add_flag("!--no-augment", o.protocol.augment, "do not crop and flip the images networks train on");
  app.add_flag("--full", o.full,
               "the paper's size: networks 8 and 7 times as wide, all images, 70 epochs; on a CPU it takes "
               "weeks for the networks, and hours and some 8 GB for the features. Other options then change "
               "that");
  app.add_option("--out,--output", o.out,
                 "folder for the table and for the rows, which go on where they stopped");
}

std::string caption(const TableChoices& o, const examples::ImageData<S>& data) {
  const auto number = [](double value) { return report::format_number(value); };
  std::string text =
      "Row 1 is the first of the table. Test accuracy on " + std::to_string(data.test.samples()) +
      " images (" + data.name + ")" + " after training on " + std::to_string(data.train.samples()) +
      ". VGG-11 of " + number(o.vgg_width) + " and ResNet-18 of " + number(o.resnet_width) +
      " times the usual width (the paper: 8 and 7), cross-entropy, " + std::to_string(o.protocol.epochs) +
      " epochs of SGD, batch " + std::to_string(o.protocol.batch) + ", momentum " +
      number(o.protocol.momentum) + (o.protocol.augment ? ", random crops and reflections" : "") +
      "; linearized: centred, α = ∞. ";
  if (o.solve > 0) {
    text += "Linearized networks are not trained but solved: " + std::to_string(o.solve) +
            " iterations of conjugate gradients on least squares. ";
  }
  return text +
         "Prior features: ridge regression on a two-layer scattering transform (J = 2, L = 8). Random "
         "features: the same on " +
         std::to_string(o.filters) +
         " whitened 6 × 6 patches, two-sided rectification, 2 × 2 average pooling. "
         "The paper's numbers, of 50,000 training images, are quoted from its table. Train accuracy of "
         "networks on the first 1000 "
         "training images, not augmented.";
}

/// To two decimals.
double per_cent(double fraction) { return std::round(1e4 * fraction) / 100; }

/// Writes the table of the finished rows, and prints it to `out`, if any.
void write_table(const TableChoices& o, const examples::ImageData<S>& data, const std::vector<json>& results,
                 std::ostream* out) {
  report::Table table({report::text_column("row"), report::number_column("test accuracy"),
                       report::number_column("the paper"), report::number_column("train accuracy"),
                       report::integer_column("parameters or features")});
  report::Panel panel(
      {.label = "accuracy", .unit = "%", .low = 0, .high = 100},
      {.label = "row of the table", .low = 0.4, .high = static_cast<double>(table_rows.size()) + 0.9});
  std::vector<double> ours, ours_at, train, papers, papers_at;
  json summary = json::array();
  for (std::size_t i = 0; i < table_rows.size(); ++i) {
    const double place = static_cast<double>(i + 1);
    papers.push_back(per_cent(table_rows[i].paper));
    papers_at.push_back(place);
    panel.note(table_rows[i].title, 11, place + 0.27);
    if (results[i].is_null()) continue;
    const double test_accuracy = per_cent(results[i]["test_accuracy"].get<double>());
    const double train_accuracy = per_cent(results[i]["train_accuracy"].get<double>());
    table.add(table_rows[i].title, test_accuracy, papers.back(), train_accuracy,
              results[i]["size"].get<Index>());
    ours.push_back(test_accuracy);
    ours_at.push_back(place);
    train.push_back(train_accuracy);
    json row = results[i];
    row["row"] = table_rows[i].name;
    row["paper"] = table_rows[i].paper;
    summary.push_back(std::move(row));
  }
  panel.points("ours, train", train, ours_at, {.colour = report::Colour::sky})
      .points("ours, test", ours, ours_at, {.colour = report::Colour::blue})
      .points("the paper, test", papers, papers_at, {.colour = report::Colour::vermilion})
      .vertical("chance", 10);
  report::Figure figure{.title = "The table of Figure 3(b), " + data.name + (o.full ? "" : ", reduced size"),
                        .caption = caption(o, data),
                        .panels = {panel},
                        .width = 760,
                        .height = 560};
  const std::filesystem::path folder = o.out;
  report::write_json(folder / "table_3b.json", {{"rows", summary},
                                                {"train_images", data.train.samples()},
                                                {"test_images", data.test.samples()},
                                                {"caption", figure.caption}});
  report::write_atomically(folder / "table_3b.csv", table.to_csv());
  report::write_svg(folder / "table_3b.svg", figure);
  if (out != nullptr) *out << table.to_text() << figure.caption << "\n";
}

void run(const TableChoices& o) {
  const auto data = examples::load_images<S>(o.data, o.train, o.test);
  const std::filesystem::path folder = o.out;
  const json shared = {{"data", data.name}, {"train", data.train.samples()}, {"test", data.test.samples()}};
  std::vector<json> results(table_rows.size());
  const auto visit = [&](std::size_t i, const auto& row, bool asked) {
    json settings = row.settings();
    settings.update(shared);
    const auto place = folder / table_rows[i].name;
    if (asked) {
      results[i] =
          examples::kept_or_computed("table_3b", place, settings, [&] { return row.compute(data, place); });
      return;
    }
    if (auto kept = examples::kept_result(place, settings)) results[i] = std::move(*kept);
  };
  for (const bool asked : {false, true}) {
    for (std::size_t i = 0; i < table_rows.size(); ++i) {
      const bool wanted = o.rows.empty() || std::ranges::find(o.rows, table_rows[i].name) != o.rows.end();
      if (asked != wanted) continue;
      if (table_rows[i].name.ends_with("_features")) {
        visit(i, examples::FeatureRow(o, table_rows[i]), asked);
      } else {
        visit(i, examples::NetworkRow(o, table_rows[i]), asked);
      }
      if (asked) write_table(o, data, results, nullptr);
    }
  }
  write_table(o, data, results, &std::cout);
  std::cout << "Written to " << (folder / "table_3b").string() << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The table of Figure 3(b): linearized networks, fixed features and networks on CIFAR-10");
  TableChoices options = examples::asked_for(argc, argv, "--full") ? examples::paper_table() : TableChoices{};
  declare(app, options);
  return examples::run_program(app, argc, argv, [&] {
    require_argument(options.train >= 2, "table_3b", "--train", options.train, "at least 2");
    run(options);
  });
}
