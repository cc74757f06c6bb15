#pragma once

namespace lazytrain {

/// What a product does to its output: overwrite it, or add to it.
enum class Write { assign, add };

}  // namespace lazytrain
