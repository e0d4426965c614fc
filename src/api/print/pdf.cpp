#include "src/api/print/pdf.h"

#include <cstdio>

namespace coupon::api {
namespace {

constexpr double kPointsPerUm = 72.0 / 25'400.0;

std::string fixed(double value, int digits) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string join(std::initializer_list<Um> numbers) {
  std::string line;
  for (const Um number : numbers) line += std::to_string(number) + ' ';
  return line;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = "<";
  for (const char one : bytes) {
    const auto byte = static_cast<unsigned char>(one);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text += '>';
}

// The file's objects, numbered from 1, and where each begins.
class Objects {
 public:
  void add(std::string_view body) {
    starts_.push_back(file_.size());
    file_ += std::to_string(starts_.size());
    file_ += " 0 obj\n";
    file_ += body;
    file_ += "\nendobj\n";
  }

  std::string finish() && {
    const std::size_t table = file_.size();
    const std::string count = std::to_string(starts_.size() + 1);
    file_ += "xref\n0 " + count + "\n0000000000 65535 f \n";
    for (const std::size_t start : starts_) {
      std::string offset = std::to_string(start);
      offset.insert(0, 10 - offset.size(), '0');
      file_ += offset + " 00000 n \n";
    }
    file_ += "trailer\n<< /Size " + count + " /Root 1 0 R >>\nstartxref\n";
    file_ += std::to_string(table) + "\n%%EOF\n";
    return std::move(file_);
  }

 private:
  // The second line's bytes tell programs that this is no text file.
  std::string file_ = "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n";
  std::vector<std::size_t> starts_;
};

// Objects 1 to 3 are the catalogue, the pages and what they draw with; from 4 on each page has two.
constexpr std::size_t kFirstPage = 4;

std::string page_list(std::size_t count) {
  std::string kids;
  for (std::size_t i = 0; i < count; ++i) kids += std::to_string(kFirstPage + 2 * i) + " 0 R ";
  return "<< /Type /Pages /Count " + std::to_string(count) + " /Kids [ " + kids + "] >>";
}

std::string resources(const PdfLetters& letters) {
  std::string text = "<< /Font <<";
  int number = 0;
  for (const char* font : {"Helvetica", "Helvetica-Bold", "Courier"}) {
    text += " /F" + std::to_string(number++) + " << /Type /Font /Subtype /Type1 /BaseFont /";
    text += font;
    text += " /Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding";
    text += " /Differences [" + letters.differences() + "] >> >>";
  }
  return text += " >> >>";
}

}  // namespace

void Pdf::begin_page(Um width, Um height) {
  // From here on a unit is a micrometre, and y grows downwards.
  const std::string scale = fixed(kPointsPerUm, 12);
  const std::string top = fixed(static_cast<double>(height) * kPointsPerUm, 4);
  pages_.push_back({.width = width,
                    .height = height,
                    .content = scale + " 0 0 -" + scale + " 0 " + top + " cm\n"});
}

void Pdf::rectangle(Um x, Um y, Um width, Um height, int grey) {
  pages_.back().content += fixed(grey / 100.0, 2) + " g " + join({x, y, width, height}) + "re f\n";
}

void Pdf::qr(const QrCode& code, Um x, Um y, Um side) {
  std::string& content = pages_.back().content;
  const double module = static_cast<double>(side) / (code.size + 2 * kQuietZone);
  const std::string scale = fixed(module, 3);
  content += "0 g q " + scale + " 0 0 " + scale + ' ';
  content += fixed(static_cast<double>(x) + kQuietZone * module, 1) + ' ';
  content += fixed(static_cast<double>(y) + kQuietZone * module, 1) + " cm\n";
  for (const QrCode::Run& run : code.runs) content += join({run.x, run.y, run.width, 1}) + "re\n";
  content += "f Q\n";
}

void Pdf::text(PdfFont font, Um size, Um x, Um base, std::string_view encoded) {
  std::string& content = pages_.back().content;
  content += "0 g BT /F" + std::to_string(static_cast<int>(font)) + ' ' + std::to_string(size);
  content += " Tf 1 0 0 -1 " + join({x, base}) + "Tm " + hex(encoded) + " Tj ET\n";
}

std::string Pdf::finish() && {
  Objects objects;
  objects.add("<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>");
  objects.add(page_list(pages_.size()));
  objects.add(resources(letters_));
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    const Page& page = pages_[i];
    const auto points = [](Um um) { return fixed(static_cast<double>(um) * kPointsPerUm, 4); };
    std::string head = "<< /Type /Page /Parent 2 0 R /Resources 3 0 R /MediaBox [0 0 ";
    head.append(points(page.width)).append(" ").append(points(page.height));
    head.append("] /Contents ").append(std::to_string(kFirstPage + 2 * i + 1)).append(" 0 R >>");
    objects.add(head);
    std::string stream = "<< /Length " + std::to_string(page.content.size()) + " >>\nstream\n";
    stream.append(page.content).append("\nendstream");
    objects.add(stream);
  }
  return std::move(objects).finish();
}

}  // namespace coupon::api
