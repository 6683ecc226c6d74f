#include "chatter.h"

#include "openface.h"

#include <iostream>
#include <sstream>
#include <streambuf>

namespace bridge {

namespace {

thread_local std::string* collected = nullptr;

// Stands between std::cout and its buffer for good, since exchanging buffers while other threads write is a race.
class PerThread : public std::streambuf {
public:
  explicit PerThread(std::streambuf* original) : original_(original) {}

protected:
  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) {
      return traits_type::not_eof(character);
    }
    if (collected == nullptr) {
      return original_->sputc(traits_type::to_char_type(character));
    }
    collected->push_back(traits_type::to_char_type(character));
    return character;
  }

  std::streamsize xsputn(const char* text, std::streamsize length) override {
    if (collected == nullptr) {
      return original_->sputn(text, length);
    }
    collected->append(text, static_cast<std::size_t>(length));
    return length;
  }

  int sync() override { return collected == nullptr ? original_->pubsync() : 0; }

private:
  std::streambuf* original_;
};

void install() {
  // Never freed: std::cout outlives every destructor of ours.
  static const bool installed = (std::cout.rdbuf(new PerThread(std::cout.rdbuf())), true);
  static_cast<void>(installed);
}

} // namespace

Chatter::Chatter() : outer_(collected) {
  install();
  collected = &text_;
}

Chatter::~Chatter() { collected = outer_; }

void Chatter::log() const {
  const py::object logger = py::module_::import("logging").attr("getLogger")("openface_bridge.openface");
  std::istringstream lines(text_);
  for (std::string line; std::getline(lines, line);) {
    logger.attr("info")("%s", py::bytes(line).attr("decode")("utf-8", "replace"));
  }
}

} // namespace bridge
